"""Writes the parts of docs/ that are made from the code: the reference and the pictures."""
