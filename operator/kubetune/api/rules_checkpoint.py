"""Rules about checkpoints, and about the modes of Hyperband that need them."""

import re

from kubetune.api.checkpoint import CheckpointSpec
from kubetune.api.rule import Rule, cel_matches, cel_string
from kubetune.api.strategy import HyperbandMode, HyperbandSettings
from kubetune.api.tuningjob import TuningJobSpec

_PATH_PATTERN = "(/[A-Za-z0-9._-]+)+"
_DOT_SEGMENT = "/[.][.]?(/|$)"

_ONE_CLAIM = Rule(
    name="checkpoint-without-one-claim",
    at="spec.checkpoint",
    model=CheckpointSpec,
    cel="has(self.persistentVolumeClaim) != has(self.volumeClaimTemplate)",
    holds=lambda c: (c.persistent_volume_claim is None) != (c.volume_claim_template is None),
    message="spec.checkpoint needs one volume: set either persistentVolumeClaim.claimName, for a "
    "claim that exists, or volumeClaimTemplate.spec, for one that is made for this job",
)

_PATH = Rule(
    name="checkpoint-path-malformed",
    at="spec.checkpoint",
    model=CheckpointSpec,
    field_path=".path",
    cel=f"{cel_matches('self.path', _PATH_PATTERN)} && "
    f"!self.path.matches({cel_string(_DOT_SEGMENT)})",
    holds=lambda c: (
        re.fullmatch(_PATH_PATTERN, c.path) is not None and re.search(_DOT_SEGMENT, c.path) is None
    ),
    message='spec.checkpoint.path "{path}" is not the path of a directory: write an absolute path '
    "such as /checkpoints, of letters, digits, '.', '_' and '-', without a '/' at its end and "
    "without '.' and '..' as names",
)

_RESTART_NEEDS_PAUSES = Rule(
    name="restart-promoted-with-stopping",
    at="spec.strategy.hyperband",
    model=HyperbandSettings,
    field_path=".restartPromoted",
    cel="!self.restartPromoted || self.mode != 'Stopping'",
    holds=lambda h: not h.restart_promoted or h.mode.pauses,
    message="spec.strategy.hyperband.restartPromoted is of no use with the mode Stopping, in which "
    "trials are never promoted: remove it, or use the mode Promotion or Synchronous",
)


def _pauses(spec: TuningJobSpec) -> HyperbandSettings | None:
    settings = spec.strategy.hyperband
    return (
        settings if settings is not None and settings.mode is not HyperbandMode.STOPPING else None
    )


_CHECKPOINT_MISSING = Rule(
    name="checkpoint-missing",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "checkpoint"),
    field_path=".checkpoint",
    cel="!has(self.strategy.hyperband) || self.strategy.hyperband.mode == 'Stopping' || "
    "self.strategy.hyperband.restartPromoted || has(self.checkpoint)",
    holds=lambda s: (
        (settings := _pauses(s)) is None or settings.restart_promoted or s.checkpoint is not None
    ),
    message="spec.checkpoint is missing: with the mode {strategy.hyperband.mode} a promoted trial "
    "goes on in a new pod, which has to find what it learnt before. Add a checkpoint volume, or "
    "set spec.strategy.hyperband.restartPromoted to true if each rung is to be trained from the "
    "beginning",
)

_RESTART_WITH_CHECKPOINT = Rule(
    name="restart-promoted-with-checkpoint",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "checkpoint"),
    field_path=".strategy.hyperband.restartPromoted",
    cel="!has(self.strategy.hyperband) || !self.strategy.hyperband.restartPromoted || "
    "!has(self.checkpoint)",
    holds=lambda s: (
        s.strategy.hyperband is None
        or not s.strategy.hyperband.restart_promoted
        or s.checkpoint is None
    ),
    message="spec.strategy.hyperband.restartPromoted contradicts spec.checkpoint, with which "
    "promoted trials go on where they were: remove one of them",
)

CHECKPOINT_RULES = (
    _ONE_CLAIM,
    _PATH,
    _RESTART_NEEDS_PAUSES,
    _CHECKPOINT_MISSING,
    _RESTART_WITH_CHECKPOINT,
)
