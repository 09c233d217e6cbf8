"""`python -m kubetune.controller` runs the operator."""

import sys

try:
    from kubetune.controller.main import run
except ModuleNotFoundError as error:
    sys.exit(f"kubetune: {error}: the operator needs pip install 'kubetune[operator]'")

run(sys.argv[1:])
