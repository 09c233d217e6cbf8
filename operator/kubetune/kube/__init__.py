"""The only HTTP in the operator: objects as the API server sends them, and nothing about tuning."""
