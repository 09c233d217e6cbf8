"""A real Kubernetes cluster on this machine: brought up, described and taken down.

`python -m tests.cluster up` is all that the demo and the tests need; README.md beside this file
says the rest. Nothing of the operator may be imported here: the cluster must come up, and go
down, whatever state the operator's code is in.
"""
