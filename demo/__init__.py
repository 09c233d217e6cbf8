"""`python -m demo`: the whole of Kubetune at work, from nothing."""
