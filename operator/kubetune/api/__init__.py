"""The API: pydantic models of TuningJob and Trial, their rules, and the CRDs made of them.

Everything above imports its types from here. Nothing here knows numpy, and nothing does I/O but
`generate`, a program that writes the CRDs to files.
"""
