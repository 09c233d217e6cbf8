"""Rungs and brackets of Hyperband, counted with integers.

A logarithm of floats would miscount exact powers: log(243) / log(3) is 4.999…, not 5.
Symbols: r the smallest and R the largest resource, η the reduction factor; K the number of rungs.
"""

from kubetune.api.strategy import HyperbandMode, HyperbandSettings


def levels_of(settings: HyperbandSettings) -> tuple[int, ...]:
    """Return the rungs of a job, ascending; the last is R."""
    count = halving_levels if settings.mode is HyperbandMode.SYNCHRONOUS else rung_levels
    return count(settings.min_resource, settings.top, settings.reduction_factor)


def rung_levels(min_resource: int, max_resource: int, reduction_factor: int) -> tuple[int, ...]:
    """Return the rungs of the asynchronous modes, ascending: r, rη, rη², … below R, then R itself.

    R closes the table also where it is no power: a trial that is never stopped gets R, and its last
    interval is then shorter than η times the one before. Where R = rη^k there are k + 1 levels.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", Algorithm 2:
    rung k has resource rη^k.

    Args:
        min_resource: r >= 1.
        max_resource: R >= r.
        reduction_factor: η >= 2.
    """
    levels = []
    level = min_resource
    while level < max_resource:
        levels.append(level)
        level *= reduction_factor
    return (*levels, max_resource)


def halving_levels(min_resource: int, max_resource: int, reduction_factor: int) -> tuple[int, ...]:
    """Return the rungs of synchronous brackets, ascending: R, ⌊R/η⌋, ⌊R/η²⌋, … not below r.

    Source: Li et al. 2018, "Hyperband", Algorithm 1: r = R η^-s with s_max = ⌊log_η(R / r)⌋, so
    there are K = s_max + 1 of them. Args as for `rung_levels`.
    """
    levels = []
    level = max_resource
    while level >= min_resource:
        levels.append(level)
        level //= reduction_factor
    return tuple(reversed(levels))


def bracket_sizes(rungs: int, brackets: int, reduction_factor: int) -> tuple[int, ...]:
    """Return how many trials each bracket starts, first bracket first.

    Bracket b skips the first b rungs. With K rungs and s = K - 1 - b it starts ⌊K / (s + 1)⌋ η^s
    trials, so that every bracket spends about the same resource, and each rung of it has a whole
    η-th of the one before.

    Source: Li et al. 2018, "Hyperband", Table 1 (K = 5, η = 3: 81, 27, 9, 6 and 5 trials). Line 3
    of its Algorithm 1 rounds K η^s / (s + 1) up instead, which gives 81, 34, 15, 8 and 5.
    """
    sizes = []
    for bracket in range(min(brackets, rungs)):
        s = rungs - 1 - bracket
        sizes.append(rungs // (s + 1) * reduction_factor**s)
    return tuple(sizes)


def rung_sizes(size: int, rungs: int, reduction_factor: int) -> tuple[int, ...]:
    """Return how many trials of a synchronous bracket train to each of its rungs, first one first.

    At each rung the best ⌊n / η⌋ of its n trials go on, and at least one, so that a bracket that
    was cut short by the number of trials still leads somewhere.

    Args:
        size: Number of trials that the bracket starts, >= 1.
        rungs: Number of its rungs.
        reduction_factor: η.
    """
    sizes = []
    for _ in range(rungs):
        sizes.append(size)
        size = max(size // reduction_factor, 1)
    return tuple(sizes)
