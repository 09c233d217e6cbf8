"""The acquisition functions against integrals and closed forms."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kubetune.search.acquisition import Wish, log_expected_improvement, log_h, wanted


@pytest.mark.parametrize("u", [3.0, 0.0, -0.9, -1.1, -4.0, -8.0])
def test_the_log_of_h_is_that_of_its_integral(u: float) -> None:
    integral = quad(lambda x: (u - x) * norm.pdf(x), -40, u, epsabs=0, epsrel=1e-12)[0]
    assert float(log_h(np.array([u]))[0]) == pytest.approx(math.log(integral), rel=1e-9)


def test_the_log_of_h_rises_smoothly_down_to_where_h_is_zero_in_floats() -> None:
    u = -np.geomspace(1e-3, 1e100, 4000)
    values = log_h(u)
    assert np.isfinite(values).all()
    assert (np.diff(values) < 0).all()
    for border in (-1.0, -1e4):
        around = log_h(np.array([border * (1 + 1e-9), border * (1 - 1e-9)]))
        assert around[1] - around[0] == pytest.approx(2e-9 * border**2, rel=1.0)


def test_the_expected_improvement_is_in_the_units_of_the_objective() -> None:
    got = log_expected_improvement(np.array([1.0]), np.array([2.0]), np.array([1.0]))
    assert math.exp(got[0]) == pytest.approx(2.0 / math.sqrt(2 * math.pi))


# A point that is surely a little better, one that may be much better, and one that is neither.
SURE, DARING, POOR = (0.2, 0.1), (-0.5, 1.5), (-1.0, 0.1)


@pytest.mark.parametrize(
    ("wish", "want"),
    [(Wish.EXPECTED, DARING), (Wish.BOUND, DARING)],
    ids=["expected", "bound"],
)
def test_each_acquisition_function_has_its_own_idea_of_the_best_point(
    wish: Wish, want: tuple[float, float]
) -> None:
    points = [SURE, DARING, POOR]
    mean, std = np.repeat(np.array(points)[:, :, None], 3, axis=2).transpose(1, 0, 2)
    got = wanted(wish, mean, std, np.zeros(3))
    assert points[int(got.argmax())] == want
    assert points[int(got.argmin())] == POOR
