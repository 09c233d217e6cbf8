"""What is written down about a job and its trials, from facts to statuses; pure.

The operator learns the facts from a cluster and the local runner from processes; what they make of
them, and the words for it, are the same.
"""
