"""A parameter's value arrives as it is, whatever the kubelet would make of it."""

import pytest

from tests.e2e.tuning_jobs import Jobs, tuning_job

pytestmark = pytest.mark.cluster

ONE = {"maxTrials": 1, "maxParallelTrials": 1}


def test_dollars_of_a_value_arrive_in_the_container_as_they_are(jobs: Jobs) -> None:
    """In an argument, in a variable of the template and in one of ours alike."""
    odd = "$(HOME) $$ $$(HOME) $"
    code = (
        "import os, sys\n"
        "seen = [sys.argv[1], os.environ['ODD'], os.environ['KUBETUNE_PARAM_ODD']]\n"
        f"print('score=' + str(sum(text == {odd!r} for text in seen)))\n"
    )
    manifest = tuning_job(
        "dollars",
        "pass",
        limits=ONE,
        container={
            "command": ["python3", "-c", code.replace("$", "$$"), "$(params.odd)"],
            "env": [{"name": "ODD", "value": "$(params.odd)"}],
        },
        parameters=[{"name": "odd", "type": "Categorical", "values": [odd, "$(HOSTNAME)"]}],
        initialTrials=[{"parameters": {"odd": odd}}],
    )
    jobs.apply(manifest)
    assert jobs.finish("dollars")["best"]["value"] == 3
