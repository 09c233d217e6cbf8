"""A TuningJob at each turn of its life, as a cluster held it; an end-to-end test records them."""

from pathlib import Path
from typing import Any, Final

import yaml

RECORDED: Final = Path(__file__).parent / "recorded"
MOMENTS: Final = sorted(path.stem for path in RECORDED.glob("*.yaml"))


def tuning_job(moment: str) -> dict[str, Any]:
    """Return a TuningJob, by the name of its file."""
    body: dict[str, Any] = yaml.safe_load((RECORDED / f"{moment}.yaml").read_text("utf-8"))
    return body
