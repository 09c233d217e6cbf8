"""`python -m kubetune.cli` is the command `kubetune`."""

from kubetune.cli.main import run

run()
