"""Draws from a posterior whose prior is normal: elliptical slice sampling.

A step goes from where the walk is to a point on the ellipse through it and a draw from the prior,
to the first one tried whose likelihood is above a level. There is no step size to choose, and in
what the data say nothing of, one step is nearly a new draw.

Symbols: theta (k,) what is drawn; mean (k,), sd (k,) of its prior, independent in each number;
    nu (k,) a draw from the prior, about its mean; phi the angle on the ellipse.

Source: Murray, Adams and MacKay 2010, "Elliptical slice sampling", figure 2.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kubetune.search.features import Floats

# How often the bracket is narrowed before a step stays where it was. Each time it loses half of its
# length in the mean, so by then rounding has made a cliff of the likelihood.
_NARROWED = 40


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is drawn from.

    Attributes:
        log_likelihood: Of a theta, up to a constant.
        mean: Mean of the prior, (k,).
        sd: Standard deviations of the prior, (k,), positive.
    """

    log_likelihood: Callable[[Floats], float]
    mean: Floats
    sd: Floats

    def draws(
        self, start: Floats, count: int, rng: np.random.Generator, *, burn_in: int, stride: int
    ) -> list[Floats]:
        """Return `count` thetas of a walk that begins at `start`, (k,).

        Args:
            start: Where the walk begins; its likelihood is finite.
            count: Number of draws.
            rng: Source of the steps.
            burn_in: Steps before those that count, at least 0.
            stride: Steps to each draw, at least 1.

        Determinism: a function of its arguments and the state of `rng`.
        """
        theta, reached = start, self.log_likelihood(start)
        found = []
        for step in range(1, burn_in + count * stride + 1):
            theta, reached = self._step(theta, reached, rng)
            if step > burn_in and (step - burn_in) % stride == 0:
                found.append(theta)
        return found

    def _step(
        self, theta: Floats, reached: float, rng: np.random.Generator
    ) -> tuple[Floats, float]:
        """Return the next theta and its log likelihood, those of the present being given."""
        nu = self.sd * rng.standard_normal(len(theta))
        level = reached - rng.exponential()
        phi = 2 * math.pi * rng.random()
        low, high = phi - 2 * math.pi, phi
        for _ in range(_NARROWED):
            tried = self.mean + (theta - self.mean) * math.cos(phi) + nu * math.sin(phi)
            likelihood = self.log_likelihood(tried)
            if likelihood > level:
                return tried, likelihood
            low, high = (phi, high) if phi < 0 else (low, phi)
            phi = low + (high - low) * rng.random()
        return theta, reached
