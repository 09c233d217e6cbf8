"""The steps that a line names: one row per spelling that people and libraries use."""

import pytest

from kubetune.collector.named_steps import HEADING_WORDS, heading_of, step_of
from kubetune.collector.settings import LARGEST_STEP


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param("global_step=400 acc=1", 400, id="global step"),
        pytest.param("acc=1, GlobalStep: 400", 400, id="in one word"),
        pytest.param("iter=30 acc=1", 30, id="iter"),
        pytest.param("Iteration: 30 acc=1", 30, id="iteration"),
        pytest.param("acc=1 training_iteration=30", 30, id="Ray Tune"),
        pytest.param("epoch=2 global_step=400 step=7 acc=1", 400, id="the whole training first"),
        pytest.param("iter=30 epoch=2 acc=1", 2, id="iterations are counted within an epoch"),
        pytest.param("step=3.5 epoch=2 acc=1", 2, id="an integer before a fraction"),
        pytest.param("{'eval_acc': 1, 'epoch': 0.75}", 0.75, id="a fraction of Hugging Face"),
        pytest.param("global_step=4.000, acc=1", 4, id="NeMo"),
        pytest.param("Epoch 3/27 - acc: 1", 3, id="Keras with one line an epoch"),
        pytest.param("Epoch 3: acc=1", 3, id="with a colon behind it"),
        pytest.param("[Epoch 3] acc=1", 3, id="in brackets"),
        pytest.param("Epoch [3/27], Step [100/600], acc: 1", 3, id="the number in brackets"),
        pytest.param("Epoch: [3][100/600] acc=1", 3, id="with the batch behind it"),
        pytest.param("Epoch(val) [3][4/4]  acc: 1", 3, id="MMEngine"),
        pytest.param("Epoch 3 of 10: acc=1", 3, id="of a total in words"),
        pytest.param("| epoch   3 | acc=1", 3, id="in a table"),
        pytest.param("Epoch 3:  45%|##   | 9/20 [00:01<00:01, 8.9it/s, acc=1]", 3, id="a bar"),
        pytest.param("iteration      100/  500000 | acc: 1", 100, id="Megatron"),
        pytest.param("step 300: acc=1", 300, id="a step in words"),
        pytest.param("Iteration 3, acc = 1", 3, id="scikit-learn"),
        pytest.param("2026-01-02 10:00:00,1 - INFO - Epoch 3 - acc: 1", 3, id="a time and a level"),
        pytest.param("2026/01/02 10:00:00 - mm - INFO - Epoch 3 acc: 1", 3, id="a logger's name"),
        pytest.param("INFO:root:Epoch 3 acc: 1", 3, id="Python's logging"),
        pytest.param("I0102 03:04:05.678 140 train.py:48] step 300, acc=1", 300, id="absl"),
        pytest.param("Epoch 3 epoch=4 acc=1", 4, id="a sign before a word"),
        pytest.param("[12]\tvalidation-acc:1", 12, id="XGBoost"),
        pytest.param("[20]\tvalid_0's acc: 1", 20, id="LightGBM"),
        pytest.param("10:\tlearn: 0.5\tacc: 1\tbest: 1 (10)", 10, id="CatBoost"),
        pytest.param("acc=1 (best at epoch 3)", None, id="an epoch within a sentence"),
        pytest.param("no better acc: 1 since epoch 3", None, id="an epoch after words"),
        pytest.param("[0] acc=1", None, id="the rank of a process"),
        pytest.param("Epochs 3 acc=1", None, id="another word"),
        pytest.param("Epoch three acc=1", None, id="a number in words"),
        pytest.param("Epoch 10:30 acc=1", None, id="a time of day"),
        pytest.param("step 1e30 acc=1", None, id="an exponent"),
        pytest.param(f"step {LARGEST_STEP + 1} acc=1", None, id="too large"),
        pytest.param("iter=-1 acc=1", None, id="negative"),
    ],
)  # fmt: skip
def test_a_step_is_found_in_the_spellings_that_are_in_use(line: str, want: float | None) -> None:
    assert step_of(line.encode()) == want


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param("Epoch 3/10", 3, id="Keras"),
        pytest.param("epoch 3", 3, id="in small letters"),
        pytest.param("--- Epoch 3 ---", 3, id="between lines"),
        pytest.param("Epoch [3/10]:", 3, id="in brackets"),
        pytest.param("INFO: EPOCH 3", 3, id="with a level"),
        pytest.param("Epoch 3/10 started", None, id="more words"),
        pytest.param("Epoch 3: 45%|##  | 9/20", None, id="a bar"),
        pytest.param("Epoch 00003: lr reduced to 0.1", None, id="a callback"),
        pytest.param("Step 1", None, id="a step of the program"),
        pytest.param("epoch=3", None, id="with a sign"),
        pytest.param("Epochs: 10", None, id="a setting"),
    ],
)
def test_a_line_that_is_nothing_but_the_heading_of_an_epoch_is_one(
    line: str, want: int | None
) -> None:
    assert heading_of(line.encode()) == want
    assert want is None or any(word in line.encode() for word in HEADING_WORDS)
