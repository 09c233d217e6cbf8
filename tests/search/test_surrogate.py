"""The numbers of the surrogate against scikit-learn, finite differences and closed forms."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from kubetune.core.space import build_space
from kubetune.search import fit
from kubetune.search.crowding import crowding
from kubetune.search.features import Features, Floats, build_features
from kubetune.search.kernel import Hyperparameters, build_feature_map
from kubetune.search.process import make_process
from kubetune.search.surrogate import fit_surrogate
from kubetune.search.targets import make_targets
from kubetune.search.transfer import left_out
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec

MOMENTUM = {"name": "momentum", "type": "Float", "min": 0.0, "max": 1.0}
MIXED = [LEARNING_RATE, MOMENTUM, HIDDEN, ACTIVATION]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def features_of(parameters: Sequence[Any] = MIXED) -> Features:
    return build_features(build_space(make_spec(parameters=parameters).parameters))


def sample(features: Features, n: int) -> tuple[Floats, Floats]:
    rng = generator(n)
    z = features.spread(rng.random((n, len(features.columns))))
    y = np.sin(3 * z[:, 0]) + z[:, 1] ** 2 + 0.1 * rng.standard_normal(n)
    return z, (y - y.mean()) / y.std()


def hyperparameters(features: Features, noise: float = 0.01) -> Hyperparameters:
    numeric = int((~features.categorical).sum())
    lengths = np.linspace(0.4, 0.9, len(features.columns))
    a, b = np.full(numeric, 1.2), np.full(numeric, 0.8)
    return Hyperparameters(lengths, 1.3, 0.7, noise, a, b)


def theta_of(h: Hyperparameters) -> Floats:
    return np.asarray(np.log(np.concatenate([h.l, [h.v, h.s, h.t], h.a, h.b])))


def test_coordinates_go_from_0_to_1_and_back_to_the_same_point() -> None:
    features = features_of()
    for k in range(50):
        point = features.space.decode(generator(k).random(4).tolist())
        row = features.encode([point])[0]
        assert features.decode(row) == point
        assert np.array_equal(features.snap(row[None])[0], row)
        assert 0 <= row[:3].min() <= row[:3].max() <= 1


def test_the_grid_holds_every_point_once() -> None:
    features = features_of([HIDDEN, ACTIVATION])
    points = [features.decode(row) for row in features.grid()]
    assert points == list(features.space.points())


def test_two_values_of_a_categorical_are_one_length_scale_apart_whichever_they_are() -> None:
    features = features_of([ACTIVATION])
    h = Hyperparameters(np.array([0.5]), 0.8, 0.2, 0.01, np.zeros(0), np.zeros(0))
    feature_map = build_feature_map(features)
    w = feature_map.scaled(features.grid(), h)
    k = feature_map.covariance(w, w, h)
    apart = float(Matern(0.5, nu=2.5)([[0.0]], [[1.0]])[0, 0])
    assert k == pytest.approx(np.where(np.eye(3), 1.0, apart))


def test_the_covariance_is_scikit_learns_of_all_parameters_and_of_each_alone() -> None:
    features = features_of()
    z, _ = sample(features, 12)
    h, feature_map = hyperparameters(features), build_feature_map(features)
    w = feature_map.scaled(z, h)
    columns = [w[:, [j]] for j in feature_map.numeric]
    # A Categorical as columns of which two differ by one length scale in all.
    columns += [(z[:, [j]] == np.arange(3)) / h.l[j] * 0.5**0.5 for j in feature_map.categorical]
    alone = [Matern(1 / math.sqrt(4), nu=2.5)(column) for column in columns]
    want = h.v * Matern(nu=2.5)(np.concatenate(columns, axis=1)) + h.s / 4 * sum(alone)
    assert feature_map.covariance(w, w, h) == pytest.approx(want, abs=1e-12)
    process = make_process(feature_map, h, z, z[:, 0], np.zeros(12))
    assert process.regressor.kernel_(w) == pytest.approx(want, abs=1e-12)
    assert process.regressor.kernel_.diag(w) == pytest.approx(np.diag(want))


def test_a_value_tells_of_every_point_that_has_it_where_parameters_act_alone() -> None:
    features = features_of([{**MOMENTUM, "name": name} for name in "abcdef"])
    z = features.spread(generator(3).random((24, 6)))
    asked = features.spread(generator(4).random((40, 6)))

    def objective(z: Floats) -> Floats:
        return np.asarray(np.sin(6 * z).sum(axis=1) / math.sqrt(3))

    y, feature_map = objective(z), build_feature_map(features)
    errors = []
    for v, s in ((1.0, 1e-6), (0.5, 0.5)):
        h = Hyperparameters(np.full(6, 1.0), v, s, 1e-4, np.ones(6), np.ones(6))
        mean = make_process(feature_map, h, z, y, np.zeros(24)).predict(asked).mean
        errors.append(float(((mean - objective(asked)) ** 2).mean()))
    together, apart = errors
    assert apart < together / 2


def test_the_gradient_of_the_posterior_density_is_that_of_finite_differences() -> None:
    features = features_of()
    z, y = sample(features, 25)
    feature_map = build_feature_map(features)
    data = fit.Sample(feature_map, z, y, np.linspace(0, 0.2, 25))
    theta = theta_of(hyperparameters(features))
    mean, sd = fit.prior(feature_map)

    def density(at: Floats) -> float:
        return fit.log_likelihood(at, data) - 0.5 * float((((at - mean) / sd) ** 2).sum())

    value, gradient = fit.negative_log_posterior(theta, data)
    assert -density(theta) == pytest.approx(value, rel=1e-12)
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = 1e-5
        above, below = (density(theta + s * step) for s in (1, -1))
        assert gradient[k] == pytest.approx(-(above - below) / 2e-5, rel=1e-4, abs=1e-4)


def test_the_likelihood_is_scikit_learns() -> None:
    features = features_of([MOMENTUM])
    z, y = sample_of_one(features, 20)
    data = fit.Sample(build_feature_map(features), z, y, np.zeros(20))
    values = []
    for length, noise in ((0.3, 0.1), (0.7, 0.01)):
        theta = np.log(np.array([length, 0.8, 0.5, noise, 1.0, 1.0]))
        kernel = ConstantKernel(1.3) * Matern(length, nu=2.5) + WhiteKernel(noise)
        other = GaussianProcessRegressor(kernel, alpha=1.3e-8, optimizer=None).fit(z, y)
        values.append(fit.log_likelihood(theta, data) - other.log_marginal_likelihood_value_)
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_hyperparameters_that_the_data_do_not_tell_are_drawn_as_widely_as_the_prior() -> None:
    features = features_of()
    z, y = sample(features, 4)
    feature_map = build_feature_map(features)
    data = fit.Sample(feature_map, z, y, np.zeros(4))
    drawn = fit.draw_hyperparameters(data, 100, generator())
    thetas = np.array([theta_of(h) for h in drawn])
    assert np.quantile(thetas.std(axis=0) / fit.prior(feature_map)[1], 0.25) > 0.7


def sample_of_one(features: Features, n: int) -> tuple[Floats, Floats]:
    z = features.spread(generator(n).random((n, 1)))
    return z, np.sin(6 * z[:, 0])


def test_predictions_are_scikit_learns() -> None:
    features = features_of([MOMENTUM])
    z, y = sample_of_one(features, 15)
    h = Hyperparameters(np.array([0.3]), 0.8, 0.5, 0.01, np.ones(1), np.ones(1))
    process = make_process(build_feature_map(features), h, z, y, np.zeros(15))
    other = GaussianProcessRegressor(
        ConstantKernel(1.3) * Matern(0.3, nu=2.5), alpha=0.01, optimizer=None
    ).fit(z, y)
    asked = features.spread(generator(1).random((7, 1)))
    mean, std, _ = process.predict(asked)
    want_mean, want_std = other.predict(asked, return_std=True)
    assert mean == pytest.approx(want_mean, abs=1e-5)
    assert std == pytest.approx(want_std, abs=1e-4)
    assert process.at_data() == pytest.approx(process.predict(z).mean, abs=1e-6)


def test_a_point_left_out_is_predicted_as_by_the_process_of_the_others() -> None:
    features = features_of()
    z, y = sample(features, 12)
    h, feature_map = hyperparameters(features), build_feature_map(features)
    others = make_process(feature_map, h, z[1:], y[1:], np.zeros(11))
    got = left_out(make_process(feature_map, h, z, y, np.zeros(12)))
    assert got[0] == pytest.approx(others.predict(z[:1]).mean[0], abs=1e-6)


def test_where_a_point_is_pending_nothing_is_left_to_learn() -> None:
    features = features_of()
    z, y = sample(features, 20)
    surrogate = fit_surrogate(build_feature_map(features), z, y, generator())
    pending = features.spread(generator(9).random((3, 4)))
    asked = np.concatenate([pending, features.spread(generator(8).random((5, 4)))])
    before = surrogate.predict(asked)
    mean, std, alone = surrogate.with_pending(pending).predict(asked)
    # What one noisy value leaves of a variance v is v t / (v + t), and others only take from that.
    noise = surrogate.noise() ** 2
    left = np.sqrt(alone**2 * noise / (alone**2 + noise))
    assert mean == pytest.approx(before.mean, abs=1e-6)
    assert alone == pytest.approx(before.std, abs=1e-6)
    assert (std < alone).all()
    assert (std[:3] < 1.001 * left[:3]).all()
    assert before.alone.tolist() == before.std.tolist()


def test_many_points_need_fewer_processes_than_a_few() -> None:
    features = features_of()
    feature_map = build_feature_map(features)
    few, many = (
        fit_surrogate(feature_map, *sample(features, n), generator()).processes for n in (10, 120)
    )
    assert len(few) > len(many) > 1


def test_a_parameter_without_effect_gets_a_longer_scale_than_one_that_counts() -> None:
    features = features_of([MOMENTUM, {**MOMENTUM, "name": "idle"}])
    z = features.spread(generator(5).random((40, 2)))
    surrogate = fit_surrogate(build_feature_map(features), z, np.sin(9 * z[:, 0]), generator())
    counts, idle = surrogate.lengths
    assert idle > 3 * counts


def test_what_is_pending_crowds_its_neighbours_and_the_points_that_it_tells() -> None:
    features = features_of([MOMENTUM, ACTIVATION])
    pending = np.array([[0.5, 1.0]])
    z = np.array([[0.5, 1.0], [0.51, 1.0], [0.6, 1.0], [0.5, 2.0], [0.9, 1.0]])
    told = np.array([0.0, 0.0, 0.0, 0.0, 2.0])
    at_it, beside, away, another_category, told_anyway = crowding(features, z, pending, told)
    assert at_it > beside > 0
    assert away == another_category == 0
    assert told_anyway > 0
    assert not crowding(features, z, pending[:0], told).any()


SCORES = {
    "a log-normal": np.exp(np.linspace(-3, 3, 40)),
    "a heavy bad tail": np.concatenate([[-1e12, -1e6], np.linspace(0.5, 0.9, 30)]),
    "tiny": 1e-300 * np.arange(10.0),
    "huge": 1e300 * np.linspace(-1.7e8, 1.7e8, 11),
    "tiny and huge": np.array([1e300, -1e300, 1e-300, 2e-300, 0.0, 5e-324]),
    "two": np.array([1.0, 2.0]),
    "one good among equals": np.array([0.0] * 9 + [1e-9]),
}


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_targets_are_standard_and_keep_the_order_of_the_scores(scores: Floats) -> None:
    targets = make_targets(scores)
    assert targets.y.mean() == pytest.approx(0, abs=1e-9)
    assert targets.y.std() == pytest.approx(1)
    assert (np.diff(targets.y[np.argsort(scores, kind="stable")]) >= 0).all()
    best = targets.to_scores(np.array([targets.y.max()]))[0]
    assert best == pytest.approx(scores.max(), rel=1e-9)


def test_equal_scores_give_targets_of_zero() -> None:
    targets = make_targets(np.full(5, 1e300))
    assert targets.y.tolist() == [0.0] * 5
    assert targets.to_scores(np.array([-3.0, 3.0])).tolist() == [1e300, 1e300]


def test_a_skewed_sample_is_made_symmetric() -> None:
    y = make_targets(-np.exp(generator().standard_normal(200))).y
    assert abs(float((y**3).mean())) < 0.3
