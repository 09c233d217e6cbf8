"""Lines of JSON are read by their keys."""

import math

import pytest

from kubetune.collector.parse import Found
from tests.collector.parsed import find, found


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param('{"val_loss": 0.5}', found(val_loss=0.5), id="plain"),
        pytest.param('  {"val_loss": 0.5} ', found(val_loss=0.5), id="white space around"),
        pytest.param('{"val_loss": 2, "step": 4}', found(4, val_loss=2.0), id="step"),
        pytest.param('{"val_loss": 2, "epoch": 4.0}', found(4, val_loss=2.0), id="epoch"),
        pytest.param('{"val_loss": 2, "step": "4"}', found(4, val_loss=2.0), id="step as text"),
        pytest.param('{"val_loss": 2, "epoch": 0.5}', found(0.5, val_loss=2.0), id="fraction"),
        pytest.param(
            '{"val_loss": 2, "epoch": 1, "globalStep": 4}',
            found(4, val_loss=2.0),
            id="step of the whole training",
        ),
        pytest.param(
            '{"val_loss": 2, "training_iteration": 4}', found(4, val_loss=2.0), id="Ray Tune"
        ),
        pytest.param('{"val_loss": 2, "step": -4}', found(val_loss=2.0), id="bad step"),
        pytest.param('{"val_loss": 2, "step": true}', found(val_loss=2.0), id="step is a truth"),
        pytest.param('{"val_loss": Infinity}', found(val_loss=math.inf), id="Infinity"),
        pytest.param('{"val_loss": "-Infinity"}', found(val_loss=-math.inf), id="as text"),
        pytest.param('{"val_loss": "0.5"}', found(val_loss=0.5), id="number as text"),
        pytest.param('{"val_loss": 1' + "0" * 400 + "}", found(val_loss=math.inf), id="huge"),
        pytest.param('{"val_loss": -1' + "0" * 400 + "}", found(val_loss=-math.inf), id="low"),
        pytest.param('{"val_loss": null}', [], id="null"),
        pytest.param('{"val_loss": true}', [], id="truth"),
        pytest.param('{"val_loss": [0.5]}', [], id="list"),
        pytest.param('{"val_loss": 1, "val_accuracy": null}', found(val_loss=1.0), id="one null"),
        pytest.param('{"best_val_loss": 0.5}', [], id="another metric"),
        pytest.param('{"val_loss": 0.5', [], id="cut off"),
        pytest.param('{"message": "step=2 val_loss=0.5"}', found(2, val_loss=0.5), id="in a text"),
        pytest.param('[{"val_loss": 0.5}]', found(val_loss=0.5), id="list of objects"),
        pytest.param('{"a":' * 4000 + "val_loss" + "}" * 4000, [], id="too deep"),
        pytest.param(
            '{"val_loss": ' + "9" * 5000 + "}",
            found(val_loss=math.inf),
            id="more digits than Python reads",
        ),
    ],
)
def test_a_json_line_is_read_by_its_keys(line: str, want: list[Found]) -> None:
    assert find(line) == want


def test_nan_in_a_json_line_is_a_value() -> None:
    (got,) = find('{"val_loss": NaN, "epoch": 1}')
    assert got.step == 1
    assert math.isnan(got.values["val_loss"])
