"""Names of children: the same for the same trial, and short enough for Kubernetes."""

import re

import pytest

from kubetune.api.names import MAX_TRIAL_NAME, parameter_variable, trial_name

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@pytest.mark.parametrize(
    ("job", "run_id", "index", "want"),
    [
        ("digits", None, 0, "digits-0"),
        ("digits", "b", 12, "digits-b-12"),
        ("d" * 53, None, 9, f"{'d' * 53}-9"),
    ],
)
def test_a_short_name_is_readable(job: str, run_id: str | None, index: int, want: str) -> None:
    assert trial_name(job, run_id, index) == want


def test_a_long_name_is_cut_and_stays_unique() -> None:
    jobs = ["d" * 62 + "a", "d" * 62 + "b", "d" * 45 + "-" * 17 + "b"]
    names = [
        trial_name(job, run, i) for job in jobs for run in (None, "r" * 16) for i in (0, 99999)
    ]

    assert len(set(names)) == len(names)
    assert all(len(name) <= MAX_TRIAL_NAME and LABEL.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    ("name", "want"),
    [("lr", "KUBETUNE_PARAM_LR"), ("learning.rate-2_x", "KUBETUNE_PARAM_LEARNING_RATE_2_X")],
)
def test_a_parameter_has_an_environment_variable(name: str, want: str) -> None:
    assert parameter_variable(name) == want
