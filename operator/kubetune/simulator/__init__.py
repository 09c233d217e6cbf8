"""A tuning job in virtual time: `planner.decide()` on one side, a training in a function or table.

Pure: no clock, no I/O, and random only by core.seeding, so a simulation is the same every time.
"""
