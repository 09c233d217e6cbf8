"""The accepted formats, one row per promise in the docstring of `parse`."""

import math
import re
import time
from typing import Any

import pytest

from kubetune.collector.parse import Found, finder, words
from kubetune.collector.settings import Pattern

METRICS = ("val_accuracy", "val_loss", "eval/f1-score.macro")


def find(text: str | bytes, *patterns: tuple[str, str]) -> list[Found]:
    raw = text.encode() if isinstance(text, str) else text
    compiled = [Pattern(metric, re.compile(regex)) for metric, regex in patterns]
    return list(finder(METRICS, compiled)(raw))


def found(step: float | None = None, **values: float) -> list[Found]:
    return [Found(values, step)]


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


@pytest.mark.parametrize(
    ("line", "patterns", "want"),
    [
        pytest.param(
            "acc=0.9 in epoch 3",
            [("val_accuracy", r"acc=(?P<value>\S+).*epoch (?P<step>\d+)")],
            found(3, val_accuracy=0.9),
            id="value and step",
        ),
        pytest.param(
            "acc: 0.9",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            found(val_accuracy=0.9),
            id="value only",
        ),
        pytest.param(
            "acc: [93.5%],",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            found(val_accuracy=93.5),
            id="trailing brackets, percent and comma",
        ),
        pytest.param(
            "acc: 1_000",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            [],
            id="not a number",
        ),
        pytest.param(
            "val_accuracy=0.9",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            [],
            id="the default format does not count beside patterns",
        ),
        pytest.param(
            "3: 0.9 0.1",
            [
                ("val_accuracy", r"(?P<step>\d+): (?P<value>\S+)"),
                ("val_loss", r": \S+ (?P<value>\S+)"),
            ],
            found(3, val_loss=0.1, val_accuracy=0.9),
            id="the step that one pattern finds holds for the line",
        ),
        pytest.param(
            "1=0.5 2=0.6",
            [("val_accuracy", r"(?P<step>\d+)=(?P<value>\S+)")],
            [Found({"val_accuracy": 0.5}, 1), Found({"val_accuracy": 0.6}, 2)],
            id="every match counts",
        ),
        pytest.param(
            "acc 0.9",
            [("val_accuracy", r"acc (?P<value>\S+)( at (?P<step>\d+))?")],
            found(val_accuracy=0.9),
            id="the step group took no part",
        ),
        pytest.param(
            "acc",
            [("val_accuracy", r"acc(?P<value>\d+)?")],
            [],
            id="the value group took no part",
        ),
        pytest.param(
            "précision=0.9",
            [("val_accuracy", r"précision=(?P<value>\S+)")],
            found(val_accuracy=0.9),
            id="beyond ASCII",
        ),
    ],
)
def test_patterns_replace_the_default_format(
    line: str, patterns: list[tuple[str, str]], want: list[Found]
) -> None:
    assert find(line, *patterns) == want


def test_a_line_without_a_metric_name_need_not_be_looked_at_unless_there_are_patterns() -> None:
    pattern: Any = Pattern("val_loss", re.compile("(?P<value>.)"))
    assert {b"val_accuracy", b"val_loss", b"eval/f1-score.macro"} < {*words(METRICS, ())}
    assert words(METRICS, [pattern]) == ()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"val_loss=" + b"1" * 16_000 + b"_", id="digits"),
        pytest.param(b"val_loss=" + b" " * 16_000 + b"x", id="spaces"),
        pytest.param(b"val_loss=1" + b"e" * 16_000, id="letters"),
        pytest.param(b"val_loss=" * 1800, id="names"),
        pytest.param(b"val_loss=1 step=" * 1000 + b"_", id="steps"),
        pytest.param(b"{" * 16_000 + b"val_loss=1}", id="brackets"),
        pytest.param(b"val_loss=1 " + b"INFO " * 3000, id="levels"),
        pytest.param(b"INFO Epoch (" + b"a" * 16_000 + b"val_loss=1", id="a heading's bracket"),
        pytest.param(b"[" * 8000 + b"Epoch 3" + b"[" * 8000, id="a heading's decoration"),
    ],
)
def test_a_hostile_line_is_read_in_time_proportional_to_its_length(line: bytes) -> None:
    # Quadratic matching of 16,000 characters takes a second each time; linear a millisecond.
    began = time.process_time()
    for _ in range(50):
        find(line)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("first", ["epoch=1 val_loss=0.3", '{"epoch": 1, "val_loss": 0.3}'])
def test_who_reports_with_an_equals_sign_may_write_for_people_with_a_colon(first: str) -> None:
    find = finder(METRICS, ())
    assert list(find(b"Initial val_loss: 2.3")) == found(None, val_loss=2.3)
    assert list(find(first.encode())) == found(1, val_loss=0.3)
    assert list(find(b"Best val_loss: 0.3 (val_accuracy=0.9)")) == found(None, val_accuracy=0.9)
    assert list(find(b"Best val_loss: 0.3")) == []
