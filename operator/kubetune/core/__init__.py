"""The pure core: trials as the search sees them, the search space, rungs, decisions. No I/O."""
