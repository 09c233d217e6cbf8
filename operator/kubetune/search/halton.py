"""Points of a scrambled Halton sequence: evenly spread, each a function of (seed, number) alone.

Coordinate j of point number i is i written in the j-th prime base b and mirrored at the point,
with every digit replaced through a random permutation of 0 … b - 1 of its own.

Source: Owen 2017, "A randomized Halton algorithm in R" (arXiv:1706.02808), section 2. As there, the
leading zeros of i are permuted as well, until a digit is worth less than a float can hold.
"""

from functools import lru_cache
from itertools import count, islice

from kubetune.core.seeding import permutation

_BELOW_ONE = 1 - 2.0**-53  # the largest float below 1


def halton_point(seed: int, number: int, dimensions: int) -> tuple[float, ...]:
    """Return point `number`, counted from 0, in [0, 1)^dimensions."""
    return tuple(_coordinate(seed, number, base) for base in _primes(dimensions))


def _coordinate(seed: int, number: int, base: int) -> float:
    coordinate, worth, place = 0.0, 1.0 / base, 0
    while 1 - worth < 1:
        number, digit = divmod(number, base)
        coordinate += _permutation(seed, base, place)[digit] * worth
        worth /= base
        place += 1
    return min(coordinate, _BELOW_ONE)


@lru_cache(maxsize=4096)
def _permutation(seed: int, base: int, place: int) -> tuple[int, ...]:
    """Return the permutation of the digits at that place. Cached: every point needs them all."""
    return permutation(seed, place, f"halton/{base}", base)


@lru_cache(maxsize=64)
def _primes(how_many: int) -> tuple[int, ...]:
    candidates = (n for n in count(2) if all(n % divisor for divisor in range(2, n)))
    return tuple(islice(candidates, how_many))
