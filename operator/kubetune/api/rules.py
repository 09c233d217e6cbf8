"""Every rule about a TuningJob, in one place for the CRD, the offline validation and the tests."""

from typing import Any

from kubetune.api.rule import Rule
from kubetune.api.rules_checkpoint import CHECKPOINT_RULES
from kubetune.api.rules_job import JOB_RULES
from kubetune.api.rules_metrics import METRICS_RULES
from kubetune.api.rules_parameters import PARAMETER_RULES
from kubetune.api.rules_strategy import STRATEGY_RULES
from kubetune.api.rules_warm_start import WARM_START_RULES

RULES: tuple[Rule[Any], ...] = (
    *PARAMETER_RULES,
    *STRATEGY_RULES,
    *WARM_START_RULES,
    *CHECKPOINT_RULES,
    *METRICS_RULES,
    *JOB_RULES,
)
