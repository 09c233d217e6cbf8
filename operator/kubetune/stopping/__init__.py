"""The stopping rules: each reads the spec and the trials and says which trials will not win.

Those that pause trials at rungs also say which of them go on.
"""
