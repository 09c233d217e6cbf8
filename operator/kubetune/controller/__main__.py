"""`python -m kubetune.controller` runs the operator."""

from kubetune.controller.main import run

run()
