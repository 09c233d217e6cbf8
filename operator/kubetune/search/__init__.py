"""The search strategies: each reads the spec and the trials and returns suggestions."""
