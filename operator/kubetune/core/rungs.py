"""Rungs and brackets of Hyperband, counted with integers.

A logarithm of floats would miscount exact powers: log(243) / log(3) is 4.999…, not 5.
Symbols: r the smallest and R the largest resource, η the reduction factor.
"""


def rung_levels(min_resource: int, max_resource: int, reduction_factor: int) -> tuple[int, ...]:
    """Return the steps at which trials are judged, ascending: r, rη, rη², … below R, then R itself.

    R closes the table also where it is no power: a trial that is never stopped gets R, and its last
    interval is then shorter than η times the one before. Where R = rη^k there are k + 1 levels, as
    in Li et al. 2018, "Hyperband", s_max = ⌊log_η(R / r)⌋. Levels are counted up from r and not
    down from R, because they have to be whole steps.

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


def bracket_sizes(rungs: int, brackets: int, reduction_factor: int) -> tuple[int, ...]:
    """Return how many trials each bracket starts relative to the others, first bracket first.

    Bracket b skips the first b rungs. With K rungs and s = K - 1 - b it starts ⌈K η^s / (s + 1)⌉
    trials, so that every bracket spends about the same resource.

    Source: Li et al. 2018, "Hyperband", Algorithm 1, line 3 (n, with s_max + 1 = K).
    """
    sizes = []
    for bracket in range(min(brackets, rungs)):
        s = rungs - 1 - bracket
        sizes.append(-(-rungs * reduction_factor**s // (s + 1)))
    return tuple(sizes)
