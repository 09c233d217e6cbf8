"""Kubetune: hyperparameter tuning on Kubernetes."""

__version__ = "0.1.0"
"""The version of everything that is released together: package, images and chart."""
