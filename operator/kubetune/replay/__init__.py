"""Which decisions of a recorded job follow from its history: all of them computed anew. Pure."""
