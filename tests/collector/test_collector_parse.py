"""The format `name=number`: what is a value in it, and what is not."""

import math

import pytest

from kubetune.collector.parse import Found, finder
from tests.collector.parsed import METRICS, find, found


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param("val_accuracy=0.93", 0.93, id="plain"),
        pytest.param("val_accuracy = 0.93", 0.93, id="spaces around the sign"),
        pytest.param("val_accuracy\t=\t0.93", 0.93, id="tabs around the sign"),
        pytest.param("val_accuracy=0.93,", 0.93, id="trailing comma"),
        pytest.param("(val_accuracy=0.93)", 0.93, id="round brackets"),
        pytest.param("[val_accuracy=0.93]", 0.93, id="square brackets"),
        pytest.param("{val_accuracy=0.93}", 0.93, id="curly brackets that are not JSON"),
        pytest.param("<val_accuracy=0.93>", 0.93, id="angle brackets"),
        pytest.param('"val_accuracy=0.93"', 0.93, id="quotes"),
        pytest.param("**val_accuracy=0.93**", 0.93, id="markdown"),
        pytest.param("Final val_accuracy=0.93.", 0.93, id="end of a sentence"),
        pytest.param("val_accuracy=0.93: new best", 0.93, id="colon"),
        pytest.param("val_accuracy=0.93;next", 0.93, id="semicolon"),
        pytest.param("val_accuracy=0.93|next", 0.93, id="bar"),
        pytest.param("so far val_accuracy=1", 1.0, id="integer"),
        pytest.param("val_accuracy=1.", 1.0, id="no digit after the point"),
        pytest.param("val_accuracy=.5", 0.5, id="no digit before the point"),
        pytest.param("val_accuracy=+0.5", 0.5, id="plus sign"),
        pytest.param("val_accuracy=-0.5", -0.5, id="minus sign"),
        pytest.param("val_accuracy=9.3e-1", 0.93, id="scientific"),
        pytest.param("val_accuracy=1E+3", 1000.0, id="scientific in capitals"),
        pytest.param("val_accuracy=93%", 93.0, id="percent is dropped, not divided"),
        pytest.param("val_accuracy=12.5ms", 12.5, id="unit is dropped, not converted"),
        pytest.param("val_accuracy=93 %", 93.0, id="unit after a space"),
        pytest.param("val_accuracy=1e999", math.inf, id="larger than any float"),
        pytest.param("val_accuracy=inf", math.inf, id="inf"),
        pytest.param("val_accuracy=+Inf", math.inf, id="plus Inf"),
        pytest.param("val_accuracy=-Infinity", -math.inf, id="minus Infinity"),
        pytest.param("val_accuracy=nan", math.nan, id="nan"),
        pytest.param("val_accuracy=-NaN,", math.nan, id="minus NaN"),
        pytest.param("val_accuracy=0.1 val_accuracy=0.2", 0.2, id="the last of two"),
        pytest.param(b"\xff\xfe\xf0 val_accuracy=0.5 \xc3", 0.5, id="bytes that are not UTF-8"),
        pytest.param("genauigkeit ✓ val_accuracy=0.5 ✓", 0.5, id="other scripts"),
        pytest.param("x=y:val_accuracy=0.5", 0.5, id="behind a colon"),
        pytest.param("val_accuracy: 0.9", 0.9, id="colon for the sign"),
        pytest.param("val_accuracy:0.9", 0.9, id="colon without a space"),
        pytest.param(
            "27/27 ━━━━ 2s 9ms/step - loss: 0.41 - val_accuracy: 0.93 - val_loss: 0.2",
            0.93,
            id="Keras",
        ),
        pytest.param("{'val_accuracy': 0.93, 'eval_runtime': 1.5}", 0.93, id="a dict of Python"),
        pytest.param('{"metrics": {"val_accuracy": 0.93}}', 0.93, id="nested JSON"),
        pytest.param("{'val_accuracy': '0.93', 'epoch': 'x'}", 0.93, id="a dict of texts"),
        pytest.param('msg="all is well" val_accuracy="0.93"', 0.93, id="logfmt with quotes"),
        pytest.param("{'val_accuracy': np.float64(0.93)}", 0.93, id="a number of numpy"),
        pytest.param("val_accuracy=tensor(0.93, device='cuda:0')", 0.93, id="a tensor"),
        pytest.param("val_accuracy: Array(0.93, dtype=float32)", 0.93, id="an array of JAX"),
        pytest.param("val_accuracy=0.93±0.02", 0.93, id="plus or minus"),
        pytest.param("val_accuracy=0.93+/-0.02", 0.93, id="plus or minus in ASCII"),
        pytest.param("val_accuracy: 93.1% (best 94%)", 93.1, id="percent behind a colon"),
    ],
)
def test_a_value_is_found(line: str | bytes, want: float) -> None:
    (got,) = find(line)
    value = got.values["val_accuracy"]
    assert value == want or (math.isnan(want) and math.isnan(value))
    assert got.step is None


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("loss=0.1", id="another metric"),
        pytest.param("best_val_accuracy=0.9", id="end of a longer name"),
        pytest.param("top/val_accuracy=0.9", id="below a group"),
        pytest.param("--val_accuracy=0.9", id="command-line option"),
        pytest.param("val_accuracy_top5=0.9", id="start of a longer name"),
        pytest.param("val_accuracy.raw=0.9", id="start of a dotted name"),
        pytest.param("VAL_ACCURACY=0.9", id="other case"),
        pytest.param("val_accuracy 0.9", id="no sign"),
        pytest.param("val_accuracy:: 0.9", id="two colons"),
        pytest.param("val_accuracy:10:30", id="time of day behind a colon"),
        pytest.param("val_accuracy==0.9", id="comparison"),
        pytest.param("val_accuracy=", id="nothing"),
        pytest.param("val_accuracy=high", id="word"),
        pytest.param("val_accuracy=info", id="word that begins with inf"),
        pytest.param("val_accuracy=nano", id="word that begins with nan"),
        pytest.param("val_accuracy=1_000", id="underscore"),
        pytest.param("val_accuracy=1,000.5", id="thousands separator"),
        pytest.param("val_accuracy=0,93", id="decimal comma"),
        pytest.param("val_accuracy=0x1F", id="hexadecimal"),
        pytest.param("val_accuracy=1.2.3", id="version"),
        pytest.param("val_accuracy=3/4", id="fraction"),
        pytest.param("val_accuracy=10:30", id="time of day"),
        pytest.param("val_accuracy=2026-01-02", id="date"),
        pytest.param("val_accuracy=1e", id="exponent without digits"),
        pytest.param("val_accuracy=1e-", id="exponent with a sign only"),
        pytest.param("val_accuracy=5k", id="multiplier"),
        pytest.param("val_accuracy=2GB", id="multiplied unit"),
        pytest.param("val_accuracy=(0.9, 0.8)", id="tuple"),
        pytest.param("val_accuracy=tensor([0.9, 0.8])", id="several numbers of a tensor"),
        pytest.param("val_accuracy=mean(0.9)", id="a call"),
        pytest.param("val_accuracy=--1", id="two signs"),
        pytest.param("val_accuracy=.", id="point"),
    ],
)
def test_what_is_no_value_of_the_metric_is_not_taken_for_one(line: str) -> None:
    assert find(line) == []


def test_several_metrics_stand_in_one_line() -> None:
    got = find("epoch=2, val_accuracy=0.5|val_loss=nan ; eval/f1-score.macro = 7%")
    (line,) = got
    assert line.step == 2
    assert line.values["val_accuracy"] == 0.5
    assert math.isnan(line.values["val_loss"])
    assert line.values["eval/f1-score.macro"] == 7.0


def test_a_metric_whose_name_begins_another_one_is_told_from_it() -> None:
    default = finder(("loss", "loss_val"), ())
    assert list(default(b"loss_val=1 loss=2")) == [Found({"loss_val": 1.0, "loss": 2.0}, None)]


def test_a_dot_in_a_name_is_a_dot() -> None:
    assert list(finder(("a.b",), ())(b"aXb=1")) == []


@pytest.mark.parametrize("first", ["epoch=1 val_loss=0.3", '{"epoch": 1, "val_loss": 0.3}'])
def test_who_reports_with_an_equals_sign_may_write_for_people_with_a_colon(first: str) -> None:
    find = finder(METRICS, ())
    assert list(find(b"Initial val_loss: 2.3")) == found(None, val_loss=2.3)
    assert list(find(first.encode())) == found(1, val_loss=0.3)
    assert list(find(b"Best val_loss: 0.3 (val_accuracy=0.9)")) == found(None, val_accuracy=0.9)
    assert list(find(b"Best val_loss: 0.3")) == []
