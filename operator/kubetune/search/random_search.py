"""Random search: independent points, uniform in the scaled space, or evenly spread ones."""

from collections.abc import Sequence

from kubetune.api.strategy import RandomSettings
from kubetune.api.strategy import Sequence as PointSequence
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun
from kubetune.search.sampling import draw_points, taken_points

_KINDS = {PointSequence.PSEUDORANDOM: "pseudorandom", PointSequence.QUASIRANDOM: "quasi-random"}


def suggest(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return random points; in a finite space none twice. See `SuggestFn`."""
    sequence = (spec.strategy.random or RandomSettings()).sequence
    indices = range(first_index, first_index + count)
    points = draw_points(
        build_space(spec.parameters),
        taken_points(spec, trials, parents),
        indices,
        seed=seed,
        sequence=sequence,
    )
    return [
        Suggestion(
            index=index, parameters=point, reason=f"{_KINDS[sequence]} point {index} of seed {seed}"
        )
        for index, point in zip(indices, points, strict=True)
    ]
