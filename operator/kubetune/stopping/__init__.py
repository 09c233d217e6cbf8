"""The stopping rules: each reads the spec and the trials and says which trials will not win."""
