"""The API: pydantic models of TuningJob and Trial, their rules, and the CRDs made of them.

Nothing here does I/O or knows numpy; everything above imports its types from here.
"""
