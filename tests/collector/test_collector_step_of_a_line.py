"""The step of a value is read from the same line."""

import pytest

from tests.collector.parsed import find, found


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param("step=3 val_loss=1", 3, id="step before"),
        pytest.param("val_loss=1 epoch=3", 3, id="epoch after"),
        pytest.param("Epoch=3: val_loss=1", 3, id="capital"),
        pytest.param("Epoch: 3/27 val_loss: 1", 3, id="colon"),
        pytest.param("{'val_loss': '1', 'epoch': '3'}", 3, id="a dict of texts"),
        pytest.param("{'val_loss': 1, 'epoch': 3.0}", 3, id="a dict of Python"),
        pytest.param('{"step": 3, "metrics": {"val_loss": 1}}', 3, id="beside nested JSON"),
        pytest.param("[epoch = 3/27] val_loss=1", 3, id="of a total"),
        pytest.param("step=3.0 val_loss=1", 3, id="integer written as a fraction"),
        pytest.param("step=1e3 val_loss=1", 1000, id="scientific"),
        pytest.param("step=0 val_loss=1", 0, id="zero"),
        pytest.param("epoch=2 step=400 val_loss=1", 400, id="step goes before epoch"),
        pytest.param("step=1 val_loss=1 step=2", 1, id="the first of two"),
        pytest.param("val_loss=1", None, id="none"),
        pytest.param("my_step=3 val_loss=1", None, id="end of a longer name"),
        pytest.param("step=-1 val_loss=1", None, id="negative"),
        pytest.param("step=-1 epoch=2 val_loss=1", 2, id="the next best of two"),
        pytest.param("step=nan val_loss=1", None, id="not a number"),
        pytest.param("step=inf val_loss=1", None, id="infinite"),
        pytest.param("step=1e30 val_loss=1", None, id="beyond what JSON keeps exactly"),
        pytest.param("step=three val_loss=1", None, id="word"),
    ],
)
def test_the_step_is_read_from_the_same_line(line: str, want: int | None) -> None:
    assert find(line) == found(want, val_loss=1.0)
    assert not isinstance(find(line)[0].step, float)
