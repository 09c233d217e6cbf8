"""What is the user's stays the user's: the command, the account, the training container."""

import pytest

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.trialjob.template import service_account, training_container
from tests.controller.specs import make_spec, template
from tests.trialjob.trial_jobs import CASES, TRAIN, container_of


def test_the_users_command_is_neither_rewritten_nor_wrapped() -> None:
    assert container_of(CASES["stdout"], "train")["command"] == [
        "python",
        "train.py",
        "--lr=0.1",
        "--name=digits-3",
    ]


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param(make_spec(), "kubetune-trial", id="Stdout"),
        pytest.param(make_spec(source="Annotation"), "kubetune-annotator", id="Annotation"),
        pytest.param(
            make_spec(job_template=template(pod={"serviceAccountName": "mine"})), "mine", id="own"
        ),
    ],
)
def test_the_service_account_of_a_trial_is(spec: TuningJobSpec, want: str) -> None:
    assert service_account(spec) == want


def test_the_training_container_is_the_first_one_unless_the_spec_names_another() -> None:
    both = template(containers=[{"name": "web", "image": "w"}, TRAIN])
    assert training_container(make_spec(job_template=both)) == "web"
    assert training_container(make_spec(job_template=both, metrics={"container": "train"})) == (
        "train"
    )
