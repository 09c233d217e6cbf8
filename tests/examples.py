"""How many examples a property test looks at: few in every run, many more at night."""

import os

from hypothesis import settings

IS_NIGHTLY = os.environ.get("KUBETUNE_HYPOTHESIS") == "nightly"
NIGHTLY_FACTOR = 50


def examples(count: int, *, steps: int = 50) -> settings:
    """Return the settings of a test that tells something after that many examples.

    Args:
        count: Examples in a usual run; at night fifty times as many.
        steps: Steps of a state machine in one example.
    """
    factor = NIGHTLY_FACTOR if IS_NIGHTLY else 1
    return settings(max_examples=count * factor, stateful_step_count=steps, deadline=None)
