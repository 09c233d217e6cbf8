"""Kubetune: hyperparameter tuning on Kubernetes."""
