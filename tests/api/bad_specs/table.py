"""All specs that must be refused.

The table is used twice: against the API server and against the offline validation.
"""

from tests.api.bad_specs.beginnings import BEGINNINGS
from tests.api.bad_specs.checkpoint import CHECKPOINT
from tests.api.bad_specs.early_stopping import EARLY_STOPPING
from tests.api.bad_specs.limits import LIMITS
from tests.api.bad_specs.metrics import METRICS
from tests.api.bad_specs.names import NAMES
from tests.api.bad_specs.objective import OBJECTIVE
from tests.api.bad_specs.parameters import PARAMETERS
from tests.api.bad_specs.patterns import PATTERNS
from tests.api.bad_specs.ranges import RANGES
from tests.api.bad_specs.strategy import STRATEGY
from tests.api.bad_specs.template import TEMPLATE

BAD_SPECS = (
    *NAMES,
    *OBJECTIVE,
    *PARAMETERS,
    *RANGES,
    *BEGINNINGS,
    *STRATEGY,
    *CHECKPOINT,
    *EARLY_STOPPING,
    *LIMITS,
    *METRICS,
    *PATTERNS,
    *TEMPLATE,
)
