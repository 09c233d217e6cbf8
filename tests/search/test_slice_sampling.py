"""Draws against posteriors that have closed forms."""

import numpy as np
import pytest

from kubetune.search.features import Floats
from kubetune.search.slice_sampling import Posterior

MEAN, SD = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0])


def generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(7))


def test_draws_have_the_moments_of_a_posterior_that_is_normal() -> None:
    seen, error = np.array([2.0, 2.0, 2.0]), np.array([0.1, 1.0, 30.0])

    def log_likelihood(theta: Floats) -> float:
        return float(-0.5 * (((theta - seen) / error) ** 2).sum())

    posterior = Posterior(log_likelihood, MEAN, SD)
    draws = np.array(posterior.draws(MEAN, 4000, generator(), burn_in=50, stride=5))

    variance = 1 / (1 / SD**2 + 1 / error**2)
    expected = variance * (MEAN / SD**2 + seen / error**2)
    assert draws.std(axis=0) == pytest.approx(np.sqrt(variance), rel=0.1)
    assert np.abs(draws.mean(axis=0) - expected).max() < 0.1 * np.sqrt(variance).max()


def test_where_the_data_say_nothing_each_step_is_a_new_draw_from_the_prior() -> None:
    posterior = Posterior(lambda _: 0.0, MEAN, SD)
    draws = np.array(posterior.draws(MEAN, 4000, generator(), burn_in=0, stride=1))

    offsets = (draws - MEAN) / SD
    assert offsets.std(axis=0) == pytest.approx(np.ones(3), rel=0.1)
    assert np.abs((offsets[1:] * offsets[:-1]).mean(axis=0)).max() < 0.1


def test_the_walk_stays_where_it_is_when_no_other_point_has_a_likelihood() -> None:
    def log_likelihood(theta: Floats) -> float:
        return 0.0 if np.array_equal(theta, MEAN) else float("nan")

    draws = Posterior(log_likelihood, MEAN, SD).draws(MEAN, 3, generator(), burn_in=2, stride=2)

    assert np.array_equal(draws, [MEAN] * 3)


def test_the_same_random_numbers_lead_to_the_same_draws() -> None:
    posterior = Posterior(lambda theta: float(-(theta**4).sum()), MEAN, SD)
    first, second = (posterior.draws(MEAN, 5, generator(), burn_in=3, stride=2) for _ in range(2))
    assert np.array_equal(first, second)
