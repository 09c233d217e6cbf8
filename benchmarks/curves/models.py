"""The trainings whose learning curves are kept: scikit-learn's models on its own data sets.

Each is a search space and a training that reports the validation objective after every epoch (or
boosting round) and is minimised. A training is a function of its parameters: seeds are fixed.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from benchmarks.search.problem import categorical, floating, integer
from kubetune.api.parameters import ParameterSpec

EPOCHS: Final = 81
"""Epochs, or boosting rounds, of a full training: four rungs below it with factor 3."""

_WORST_MSE: Final = 3.0  # in variances of the target: a network that diverges is no worse than this

Parameters = Mapping[str, Any]
Split = tuple[Any, Any, Any, Any]
"""Training inputs, validation inputs, training targets, validation targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A search space and its training.

    Attributes:
        name: What results call it.
        parameters: The search space.
        train: Yields the objective after each of EPOCHS epochs.
    """

    name: str
    parameters: tuple[ParameterSpec, ...]
    train: Callable[[Parameters], Iterator[float]]


def _split(data: Any, *, standardise_target: bool = False) -> Split:
    x, y = data.data, data.target
    if standardise_target:
        y = (y - y.mean()) / y.std()
    inside, outside, known, held = train_test_split(x, y, test_size=0.35, random_state=0)
    scaler = StandardScaler().fit(inside)
    return scaler.transform(inside), scaler.transform(outside), known, held


def _digits_network(parameters: Parameters) -> Iterator[float]:
    inside, outside, known, held = _split(load_digits())
    network = MLPClassifier(
        hidden_layer_sizes=(parameters["hidden"],) * parameters["layers"],
        activation=parameters["activation"],
        solver=parameters["solver"],
        alpha=parameters["alpha"],
        batch_size=parameters["batch_size"],
        learning_rate_init=parameters["learning_rate"],
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(EPOCHS):
            try:
                network.partial_fit(inside, known, classes=np.arange(10))
            except ValueError:  # the weights are no numbers any more
                yield 0.9
            else:
                yield 1 - float(network.score(outside, held))


def _diabetes_network(parameters: Parameters) -> Iterator[float]:
    inside, outside, known, held = _split(load_diabetes(), standardise_target=True)
    network = MLPRegressor(
        hidden_layer_sizes=(parameters["hidden"],) * parameters["layers"],
        activation=parameters["activation"],
        alpha=parameters["alpha"],
        batch_size=parameters["batch_size"],
        learning_rate_init=parameters["learning_rate"],
        beta_1=parameters["momentum"],
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(EPOCHS):
            try:
                network.partial_fit(inside, known)
                error = float(mean_squared_error(held, network.predict(outside)))
            except ValueError:
                error = _WORST_MSE
            yield min(error, _WORST_MSE)


def _boosting(parameters: Parameters) -> dict[str, Any]:
    return {
        "n_estimators": EPOCHS,
        "learning_rate": parameters["learning_rate"],
        "max_depth": parameters["max_depth"],
        "subsample": parameters["subsample"],
        "max_features": parameters["max_features"],
        "min_samples_leaf": parameters["min_samples_leaf"],
        "random_state": 0,
    }


def _cancer_boosting(parameters: Parameters) -> Iterator[float]:
    inside, outside, known, held = _split(load_breast_cancer())
    model = GradientBoostingClassifier(**_boosting(parameters)).fit(inside, known)
    for shares in model.staged_predict_proba(outside):
        yield min(float(log_loss(held, shares)), _WORST_MSE)


def _diabetes_boosting(parameters: Parameters) -> Iterator[float]:
    inside, outside, known, held = _split(load_diabetes(), standardise_target=True)
    model = GradientBoostingRegressor(**_boosting(parameters)).fit(inside, known)
    for predicted in model.staged_predict(outside):
        yield min(float(mean_squared_error(held, predicted)), _WORST_MSE)


_TREES: Final = (
    floating("learning_rate", 0.005, 1, scale="Log"),
    integer("max_depth", 1, 8),
    floating("subsample", 0.2, 1),
    floating("max_features", 0.05, 1, scale="Log"),
    integer("min_samples_leaf", 1, 50, scale="Log"),
)

MODELS: Final = (
    Model(
        name="digits-network",
        parameters=(
            floating("learning_rate", 1e-4, 0.3, scale="Log"),
            integer("hidden", 8, 128, scale="Log"),
            integer("layers", 1, 3),
            floating("alpha", 1e-6, 1, scale="Log"),
            integer("batch_size", 16, 256, scale="Log"),
            categorical("activation", ["relu", "tanh", "logistic"]),
            categorical("solver", ["adam", "sgd"]),
        ),
        train=_digits_network,
    ),
    Model(
        name="diabetes-network",
        parameters=(
            floating("learning_rate", 1e-5, 0.1, scale="Log"),
            integer("hidden", 4, 64, scale="Log"),
            integer("layers", 1, 3),
            floating("alpha", 1e-4, 10, scale="Log"),
            integer("batch_size", 8, 128, scale="Log"),
            floating("momentum", 0.5, 0.99),
            categorical("activation", ["relu", "tanh", "logistic"]),
        ),
        train=_diabetes_network,
    ),
    Model(name="cancer-boosting", parameters=_TREES, train=_cancer_boosting),
    Model(name="diabetes-boosting", parameters=_TREES, train=_diabetes_boosting),
)
