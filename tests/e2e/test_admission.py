"""The operator creates nothing that the user's namespace would not admit."""

import pytest

from tests.e2e.tuning_jobs import REPORTS_X, Jobs, tuning_job

pytestmark = pytest.mark.cluster


def test_a_privileged_template_is_refused_in_the_api_servers_own_words(jobs: Jobs) -> None:
    jobs.apply(tuning_job("mighty", REPORTS_X, container={"securityContext": {"privileged": True}}))
    jobs.wait("mighty", "condition=Stalled")
    status = jobs.status("mighty")
    accepted = next(c for c in status["conditions"] if c["type"] == "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", "TemplateForbidden")
    assert 'violates PodSecurity "restricted:latest"' in accepted["message"]
    assert "privileged" in accepted["message"]
    assert jobs.trials("mighty") == []
    assert jobs.jobs("mighty") == []
