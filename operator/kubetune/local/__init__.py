"""A TuningJob on this machine, without a cluster: each trial a process, its state in a directory.

What is decided and what is recorded comes from the same functions as the operator's. Here are the
facts, learnt from processes instead of pods, and the directory that stands in for the API server.
"""
