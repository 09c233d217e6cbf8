"""`python -m kubetune.controller` runs the operator."""

import sys

from kubetune.controller.main import run

run(sys.argv[1:])
