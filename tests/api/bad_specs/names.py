"""Names that are malformed, and fields that there are not."""

from tests.api.bad_specs.bad_spec import BadSpec

NAMES = (
    BadSpec(
        id="a job name with a dot, which labels allow but host names do not",
        changes={"metadata.name": "digits.v2"},
        field='metadata.name "digits.v2"',
        remedy="lower-case letters, digits and '-'",
        rule="job-name-malformed",
    ),
    BadSpec(
        id="a job name too long for a label",
        changes={"metadata.name": "d" * 64},
        field=f'metadata.name "{"d" * 64}"',
        remedy="at most 63",
        rule="job-name-malformed",
    ),
    BadSpec(
        id="an unknown field of the spec",
        changes={"spec.maxTrials": 3},
        field="spec.maxTrials",
        remedy="use one of objective, parameters",
        server='unknown field "spec.maxTrials"',
    ),
    BadSpec(
        id="a misspelt field deep down",
        changes={"spec.limits.maxParalellTrials": 3},
        field="spec.limits.maxParalellTrials",
        remedy="did you mean maxParallelTrials?",
        server="unknown field",
    ),
    BadSpec(
        id="a field in snake case",
        changes={"spec.limits.max_runtime": "1h"},
        field="spec.limits.max_runtime",
        remedy="did you mean maxRuntime?",
        server="unknown field",
    ),
    BadSpec(
        id="a strategy that is not there yet",
        changes={"spec.strategy.type": "Evolutionary"},
        field="spec.strategy.type",
        remedy="must be one of Grid, Random, Bayesian, Hyperband",
        server='supported values: "Grid", "Random", "Bayesian", "Hyperband"',
    ),
    BadSpec(
        id="a metrics source that is not there yet",
        changes={"spec.metrics.source": "TensorBoard"},
        field="spec.metrics.source",
        remedy="must be one of Stdout, File, Annotation",
        server='supported values: "Stdout", "File", "Annotation"',
    ),
)
