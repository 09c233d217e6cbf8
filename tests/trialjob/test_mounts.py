"""The checkpoint directory of a trial, the same one in each of its attempts."""

from typing import Any

from tests.controller.specs import make_spec, template
from tests.trialjob.trial_jobs import TRAIN, build, container_of, identity, pod_of, variables_of

CHECKPOINT = {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteMany"]}}}


def checkpoint_job(**who: Any) -> dict[str, Any]:
    return build(
        make_spec(checkpoint=CHECKPOINT, job_template=template(containers=[TRAIN])), identity(**who)
    )


def test_every_attempt_of_a_trial_sees_the_same_directory_and_where_to_go_on() -> None:
    first, second = checkpoint_job(resource=1), checkpoint_job(resource=3, trained=1)
    mounts = [container_of(job, "train")["volumeMounts"] for job in (first, second)]
    assert mounts[0] == mounts[1]
    (mount,) = mounts[0]
    assert (mount["mountPath"], mount["subPath"]) == ("/checkpoints", "digits-3-trial-ui")
    told = [variables_of(container_of(job, "train")) for job in (first, second)]
    assert [said["KUBETUNE_RESUME_FROM"] for said in told] == ["0", "1"]
    assert {said["KUBETUNE_CHECKPOINT_DIR"] for said in told} == {"/checkpoints"}


def test_a_claim_that_is_made_for_the_job_has_the_jobs_name() -> None:
    volumes = pod_of(checkpoint_job())["volumes"]
    claims = [v["persistentVolumeClaim"] for v in volumes if "persistentVolumeClaim" in v]
    assert claims == [{"claimName": "digits-checkpoints"}]


def test_runs_of_a_job_do_not_share_a_directory() -> None:
    (mount,) = container_of(checkpoint_job(run_id="b"), "train")["volumeMounts"]
    assert mount["subPath"] == "digits-b-3-trial-ui"
