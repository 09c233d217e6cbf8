"""The kinds of the Prometheus operator, as its own project publishes them with its Go module."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tests.cluster.build import find_go
from tests.cluster.commands import run
from tests.cluster.layout import Layout

MODULE: Final = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
PLURALS: Final = ("podmonitors", "prometheusrules", "servicemonitors")


def monitoring_kinds(layout: Layout) -> Path:
    """Return a folder with the definitions of the kinds that we make objects of.

    Raises:
        BringUpError: Go is missing, or the module could not be had.
    """
    folder = layout.cache / f"monitoring-kinds-{MODULE.partition('@')[2]}"
    if not folder.exists():
        module = json.loads(run([find_go(), "mod", "download", "-json", MODULE]))
        published = Path(module["Dir"], "example", "prometheus-operator-crd")
        partial = Path(tempfile.mkdtemp(dir=layout.cache))
        for plural in PLURALS:
            name = f"monitoring.coreos.com_{plural}.yaml"
            shutil.copyfile(published / name, partial / name)
        partial.rename(folder)
    return folder
