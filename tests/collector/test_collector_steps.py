"""Which step a value belongs to when the training code does not say."""

import pytest

from kubetune.collector.parse import Found
from kubetune.collector.steps import StepCounter

Report = tuple[float | None, dict[str, float]]


def place(*lines: Report) -> list[Report]:
    steps = StepCounter("acc")
    placed = [steps.place(Found(values, step)) for step, values in lines] + [steps.close()]
    return [(found.step, found.values) for found in placed if found is not None]


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        pytest.param(
            [(None, {"acc": 0.1}), (None, {"acc": 0.2})],
            [(1, {"acc": 0.1}), (2, {"acc": 0.2})],
            id="the n-th line with the objective is step n",
        ),
        pytest.param(
            [(0, {"acc": 0.1}), (5, {"acc": 0.2}), (5, {"acc": 0.3})],
            [(0, {"acc": 0.1}), (5, {"acc": 0.2}), (5, {"acc": 0.3})],
            id="a printed step is taken",
        ),
        pytest.param(
            [(7, {"acc": 0.1}), (None, {"acc": 0.2})],
            [(7, {"acc": 0.1}), (8, {"acc": 0.2})],
            id="a line without a step follows the largest one",
        ),
        pytest.param(
            [(7, {"acc": 0.1}), (3, {"acc": 0.2}), (None, {"acc": 0.3})],
            [(7, {"acc": 0.1}), (3, {"acc": 0.2}), (8, {"acc": 0.3})],
            id="also after a step that went back",
        ),
        pytest.param(
            [(None, {"acc": 0.1}), (None, {"loss": 1}), (None, {"acc": 0.2}), (None, {"loss": 2})],
            [(1, {"acc": 0.1}), (1, {"loss": 1}), (2, {"acc": 0.2}), (2, {"loss": 2})],
            id="a metric printed behind the objective belongs to it",
        ),
        pytest.param(
            [(None, {"loss": 1}), (None, {"acc": 0.1}), (None, {"loss": 2}), (None, {"acc": 0.2})],
            [(1, {"loss": 1, "acc": 0.1}), (2, {"loss": 2, "acc": 0.2})],
            id="a metric printed in front of the objective belongs to it",
        ),
        pytest.param(
            [
                (None, {"loss": 1}), (None, {"acc": 0.1}), (None, {"f1": 3}),
                (None, {"loss": 2}), (None, {"acc": 0.2}), (None, {"f1": 4}),
            ],
            [
                (1, {"loss": 1, "acc": 0.1}), (1, {"f1": 3}),
                (2, {"loss": 2, "acc": 0.2}), (2, {"f1": 4}),
            ],
            id="each metric has its own habit",
        ),
        pytest.param(
            [(None, {"loss": 1}), (4, {"acc": 0.1})],
            [(4, {"loss": 1, "acc": 0.1})],
            id="a waiting metric goes to a printed step too",
        ),
        pytest.param(
            [(3, {"loss": 1}), (None, {"acc": 0.1}), (None, {"acc": 0.2})],
            [(3, {"loss": 1}), (3, {"acc": 0.1}), (4, {"acc": 0.2})],
            id="the objective belongs to the step that was printed for others",
        ),
        pytest.param(
            [(3, {"acc": 0.1}), (3, {"loss": 1}), (None, {"acc": 0.2})],
            [(3, {"acc": 0.1}), (3, {"loss": 1}), (4, {"acc": 0.2})],
            id="unless that step has its objective",
        ),
        pytest.param(
            [(3, {"loss": 1}), (None, {"f1": 2}), (None, {"acc": 0.1})],
            [(3, {"loss": 1}), (3, {"f1": 2}), (3, {"acc": 0.1})],
            id="others join the printed step",
        ),
        pytest.param(
            [(None, {"loss": 1}), (None, {"loss": 2})],
            [(1, {"loss": 2})],
            id="what waited in vain is reported at the end",
        ),
        pytest.param(
            [(None, {"loss": 1}), (None, {"acc": 0.1}), (None, {"loss": 2})],
            [(1, {"loss": 1, "acc": 0.1}), (1, {"loss": 2})],
            id="what waited in vain goes to the last step",
        ),
        pytest.param(
            [(0.5, {"acc": 0.1}), (1, {"acc": 0.2}), (1.5, {"acc": 0.3}), (2, {"acc": 0.4})],
            [(1, {"acc": 0.1}), (2, {"acc": 0.2}), (3, {"acc": 0.3}), (4, {"acc": 0.4})],
            id="reports at parts of an epoch are counted",
        ),
        pytest.param(
            [(1, {"acc": 0.1}), (2, {"acc": 0.2}), (2.5, {"acc": 0.3}), (3, {"acc": 0.4})],
            [(1, {"acc": 0.1}), (2, {"acc": 0.2}), (3, {"acc": 0.3}), (4, {"acc": 0.4})],
            id="from the first part on",
        ),
        pytest.param(
            [
                (0.5, {"loss": 1}), (1, {"loss": 2}), (1, {"acc": 0.1}),
                (1.5, {"loss": 3}), (2, {"loss": 4}), (2, {"acc": 0.2}),
            ],
            [
                (1, {"loss": 2}), (1, {"loss": 1, "acc": 0.1}),
                (2, {"loss": 4}), (2, {"loss": 3, "acc": 0.2}),
            ],
            id="parts of an epoch at which the objective is not reported leave its epochs alone",
        ),
        pytest.param(
            [
                (0.5, {"acc": 0.1}), (1, {"loss": 2}), (1, {"acc": 0.2}), (1.5, {"acc": 0.3}),
            ],
            [(1, {"acc": 0.1}), (1, {"loss": 2}), (2, {"acc": 0.2}), (3, {"acc": 0.3})],
            id="where reports are counted, the epochs of others do not count either",
        ),
        pytest.param(
            [(1, {}), (None, {"acc": 0.1}), (None, {"acc": 0.2}), (2, {}), (None, {"acc": 0.3})],
            [(1, {"acc": 0.1}), (1, {"acc": 0.2}), (2, {"acc": 0.3})],
            id="reports below a heading belong to its epoch",
        ),
        pytest.param(
            [(1, {}), (None, {"loss": 1}), (None, {"acc": 0.1}), (5, {"acc": 0.2})],
            [(1, {"loss": 1}), (1, {"acc": 0.1}), (5, {"acc": 0.2})],
            id="so do other metrics, unless the line itself has a step",
        ),
        pytest.param(
            [(1, {}), (0.5, {"acc": 0.1}), (2, {}), (1.0, {"acc": 0.2})],
            [(1, {"acc": 0.1}), (2, {"acc": 0.2})],
            id="where reports are counted, headings do not count either",
        ),
        pytest.param([], [], id="nothing"),
    ],
)  # fmt: skip
def test_every_value_gets_a_step(lines: list[Report], want: list[Report]) -> None:
    assert place(*lines) == want
