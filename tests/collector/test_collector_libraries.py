"""What well-known libraries print, as they print it, becomes one observation per report."""

from datetime import UTC, datetime

import pytest

from kubetune.collector.collect import Collection
from kubetune.collector.parse import finder
from kubetune.collector.settings import read_settings

HUGGING_FACE = """\
{'loss': 0.61, 'grad_norm': 2.1, 'learning_rate': 4e-05, 'epoch': 0.5}
{'eval_loss': 0.55, 'eval_runtime': 0.8, 'eval_steps_per_second': 9.1, 'epoch': 0.5}
{'loss': 0.48, 'grad_norm': 1.9, 'learning_rate': 3e-05, 'epoch': 1.0}
{'eval_loss': 0.50, 'eval_runtime': 0.8, 'eval_steps_per_second': 9.1, 'epoch': 1.0}
{'loss': 0.44, 'grad_norm': 1.8, 'learning_rate': 2e-05, 'epoch': 1.5}
{'eval_loss': 0.45, 'eval_runtime': 0.8, 'eval_steps_per_second': 9.1, 'epoch': 1.5}
{'train_runtime': 92.1, 'train_loss': 0.51, 'epoch': 1.5}
"""
HUGGING_FACE_BY_EPOCH = """\
{'loss': 0.61, 'grad_norm': 2.1, 'learning_rate': 4e-05, 'epoch': 0.7}
{'eval_loss': 0.55, 'eval_runtime': 0.8, 'epoch': 1.0}
{'loss': 0.48, 'grad_norm': 1.9, 'learning_rate': 3e-05, 'epoch': 1.4}
{'eval_loss': 0.50, 'eval_runtime': 0.8, 'epoch': 2.0}
"""
LIGHTNING = (
    "\rEpoch 0:   0%|          | 0/9 [00:00<?, ?it/s]"
    "\rEpoch 0: 100%|##########| 9/9 [00:01<00:00, 8.9it/s, v_num=0, eval_loss=0.55]"
    "\rEpoch 1:  50%|#####     | 4/9 [00:00<00:00, 8.8it/s, v_num=0, eval_loss=0.55]"
    "\rEpoch 1: 100%|##########| 9/9 [00:01<00:00, 8.9it/s, v_num=0, eval_loss=0.50]"
    "\rEpoch 2: 100%|##########| 9/9 [00:01<00:00, 8.9it/s, v_num=0, eval_loss=0.45]\n"
    "`Trainer.fit` stopped: `max_epochs=3` reached.\n"
)
KERAS = """\
Epoch 1/3
\x1b[1m 1/27\x1b[0m \x1b[32m-\x1b[0m \x1b[1m9s\x1b[0m 362ms/step - eval_loss: 0.90
\x1b[1m27/27\x1b[0m \x1b[32m-\x1b[0m \x1b[1m0s\x1b[0m 9ms/step - eval_loss: 0.55
Epoch 2/3
\x1b[1m 1/27\x1b[0m \x1b[32m-\x1b[0m \x1b[1m0s\x1b[0m 12ms/step - eval_loss: 0.54
\x1b[1m27/27\x1b[0m \x1b[32m-\x1b[0m \x1b[1m0s\x1b[0m 9ms/step - eval_loss: 0.50
Epoch 3/3
\x1b[1m27/27\x1b[0m \x1b[32m-\x1b[0m \x1b[1m0s\x1b[0m 9ms/step - eval_loss: 0.45
"""
XGBOOST = """\
[0]\ttrain-auc:0.88\teval_loss:0.55
[10]\ttrain-auc:0.91\teval_loss:0.50
[19]\ttrain-auc:0.97\teval_loss:0.45
"""
LIGHTGBM = """\
[LightGBM] [Info] Number of positive: 212, number of negative: 357
Training until validation scores don't improve for 10 rounds
[10]\tvalid_0's eval_loss: 0.55
[20]\tvalid_0's eval_loss: 0.50
[30]\tvalid_0's eval_loss: 0.45
Early stopping, best iteration is:
[30]\tvalid_0's eval_loss: 0.45
"""
SCIKIT_LEARN = """\
Iteration 1, eval_loss = 0.55
Iteration 2, eval_loss = 0.50
Iteration 3, eval_loss = 0.45
"""
HEADINGS = """\
Epoch 1
-------------------------------
Test Error: Accuracy: 35.2%, eval_loss: 0.55
Epoch 2
-------------------------------
Test Error: Accuracy: 45.2%, eval_loss: 0.50
"""


@pytest.mark.parametrize(
    ("log", "want"),
    [
        pytest.param(HUGGING_FACE, {1: 0.55, 2: 0.50, 3: 0.45}, id="Hugging Face, twice an epoch"),
        pytest.param(HUGGING_FACE_BY_EPOCH, {1: 0.55, 2: 0.50}, id="Hugging Face, once an epoch"),
        pytest.param(LIGHTNING, {0: 0.55, 1: 0.50, 2: 0.45}, id="PyTorch Lightning"),
        pytest.param(KERAS, {1: 0.55, 2: 0.50, 3: 0.45}, id="Keras"),
        pytest.param(XGBOOST, {0: 0.55, 10: 0.50, 19: 0.45}, id="XGBoost"),
        pytest.param(LIGHTGBM, {10: 0.55, 20: 0.50, 30: 0.45}, id="LightGBM"),
        pytest.param(SCIKIT_LEARN, {1: 0.55, 2: 0.50, 3: 0.45}, id="scikit-learn"),
        pytest.param(HEADINGS, {1: 0.55, 2: 0.50}, id="a heading above each epoch"),
    ],
)
def test_each_report_is_an_observation_at_the_step_that_its_library_counts(
    log: str, want: dict[int, float]
) -> None:
    assert observed(log.encode()) == want
    assert observed(log.replace("\n", "\r\n").encode()) == want


def test_a_log_in_utf_16_is_read_too() -> None:
    want = {1: 0.55, 2: 0.50, 3: 0.45}
    assert observed(SCIKIT_LEARN.encode("utf-16")) == want
    assert observed(SCIKIT_LEARN.encode("utf-16-be")) == want


def observed(log: bytes) -> dict[int, float]:
    """Return the objective by step."""
    settings = read_settings(
        {
            "KUBETUNE_NAMESPACE": "ns",
            "KUBETUNE_TRIAL": "t-1",
            "KUBETUNE_COLLECT": '{"source": "File", "path": "/m", "objective": "eval_loss"}',
            "KUBETUNE_POD_NAME": "t-1-abcde",
        }
    )
    collection = Collection(
        settings,
        find=finder(settings.metrics, ()),
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        on_report=lambda _: None,
    )
    collection.feed(log)
    collection.close()
    observations = collection.series.observations()
    return {seen["step"]: seen["metrics"]["eval_loss"] for seen in observations}
