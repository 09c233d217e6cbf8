"""Search strategies against real peers: who finds the better point with the same evaluations."""
