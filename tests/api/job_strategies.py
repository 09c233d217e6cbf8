"""Random TuningJobs: good ones, near misses, and rubbish."""

import copy
from typing import Any

from hypothesis import strategies as st

from tests.api.job_builder import Manifest, good_job

# Few values, so that they meet: equal bounds, steps that just fit, names that clash.
NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 10, 100, -1, 0.1, 0.5, 0.999, 1.5, 1e-7, 2**53, 2**53 + 2, -(2**53), 1e18]
)
COUNTS = st.sampled_from(
    [1, 2, 3, 4, 5, 9, 10, 27, 81, 100, 242, 243, 1000, 0, 1_000_000, 1_000_001]
)
PARAMETER_NAMES = st.sampled_from(["lr", "LR", "l.r", "l-r", "l_r", "x", "_", "hidden", "é", "2x"])
METRICS = st.sampled_from(["val_accuracy", "val_loss", "f1", "step", "epoch", "a b", "a/b", "Step"])
DURATIONS = st.sampled_from(
    ["1h", "90s", "1h30m", "0s", "00m", "1m1h", "1d", "h", "87600h", "87601h", "9999999h", "1h\n"]
)
RUN_IDS = st.sampled_from(["a", "b", "run-2", "-", "A", "a" * 16, "a" * 17])
REGEX_PARTS = st.sampled_from(
    [
        *"a.|^$*+?(){}[]\\-é\n",
        "(?P<value>",
        "(?P<step>",
        "(?:",
        "(?=",
        "(?i)",
        "[a-z]",
        "[z-a]",
        "[^\\d]",
        "[-a]",
        "[a-]",
        "[a-\\d]",
        "[]",
        "[\\]]",
        "[[:alpha:]]",
        "[a&&b]",
        "\\d",
        "\\b",
        "\\Z",
        "\\z",
        "\\1",
        "\\.",
        "\\{",
        "\\x41",
        "\\u0041",
        "\\é",
        "{2}",
        "{2,1}",
        "{0}",
        "{,3}",
        "{2,}",
        "{40}",
        "{999}",
        "{1000}",
        "??",
        "*?",
        "++",
    ]
)
REGEXES = st.one_of(
    st.just("acc=(?P<value>.*)"),
    st.lists(REGEX_PARTS, min_size=1, max_size=6).map("".join),
    st.lists(REGEX_PARTS, max_size=5).map(lambda parts: f"(?P<value>a{''.join(parts)})"),
    st.lists(REGEX_PARTS, max_size=5).map(lambda parts: f"(?P<value>a){''.join(parts)}"),
)
RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from("aZ0 _-./:é\n\"'\\$(){}😀"), max_size=20),
    st.sampled_from(["Off", "Auto", "Log", "Float", "Grid", "1", "true", "a" * 64]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.sampled_from(["name", "type", "x"]), st.integers(0, 3), max_size=2),
)


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


FLOATS = st.fixed_dictionaries(
    {"name": PARAMETER_NAMES, "type": st.just("Float"), "min": NUMBERS, "max": NUMBERS},
    optional={
        "step": NUMBERS,
        "scale": st.sampled_from(["Linear", "Log", "ReverseLog", "Auto"]),
    },
)
INTEGERS = st.fixed_dictionaries(
    {"name": PARAMETER_NAMES, "type": st.just("Integer"), "min": NUMBERS, "max": NUMBERS},
    optional={"step": NUMBERS, "scale": st.sampled_from(["Linear", "Log", "ReverseLog"])},
)
CATEGORICALS = st.fixed_dictionaries(
    {
        "name": PARAMETER_NAMES,
        "type": st.just("Categorical"),
        "values": st.lists(st.sampled_from(["a", "b", "", "é"]), min_size=1, max_size=3),
    },
    optional={"min": NUMBERS, "scale": st.just("Linear")},
)
STRATEGIES = st.one_of(
    st.just({"type": "Grid"}),
    st.fixed_dictionaries(
        {"type": st.just("Bayesian")},
        optional={"random": _optional(sequence=st.just("Pseudorandom"))},
    ),
    st.fixed_dictionaries(
        {"type": st.just("Random")},
        optional={
            "seed": st.integers(-1, 2**31),
            "random": _optional(sequence=st.sampled_from(["Pseudorandom", "Quasirandom"])),
        },
    ),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Hyperband", "Hyperband", "Random"]),
            "hyperband": st.fixed_dictionaries(
                {},
                optional={
                    "maxResource": COUNTS,
                    "minResource": COUNTS,
                    "reductionFactor": COUNTS,
                    "brackets": COUNTS,
                    "mode": st.sampled_from(["Stopping", "Promotion", "Synchronous", "Other"]),
                    "restartPromoted": st.booleans(),
                    "search": st.sampled_from(["Random", "Bayesian", "Grid"]),
                },
            ),
        }
    ),
)
FIELDS = {
    "objective": st.fixed_dictionaries(
        {"metric": METRICS, "goal": st.just("Maximize")},
        optional={"additionalMetrics": st.lists(METRICS, max_size=3)},
    ),
    "parameters": st.lists(st.one_of(FLOATS, INTEGERS, CATEGORICALS), min_size=1, max_size=3),
    "strategy": STRATEGIES,
    "initialTrials": st.lists(
        st.fixed_dictionaries(
            {
                "parameters": st.dictionaries(
                    PARAMETER_NAMES, st.one_of(NUMBERS, RUN_IDS), max_size=3
                )
            }
        ),
        max_size=3,
    ),
    "earlyStopping": _optional(
        type=st.sampled_from(["Off", "Auto"]),
        median=_optional(
            minTrials=COUNTS,
            minStep=COUNTS,
            compare=st.sampled_from(["Current", "Best", "RunningAverage", "Last"]),
        ),
    ),
    "warmStart": st.fixed_dictionaries(
        {
            "from": st.lists(st.sampled_from(["digits", "a", "b", ""]), max_size=6),
            "type": st.sampled_from(["TransferLearning", "IdenticalDataAndAlgorithm", "Other"]),
        },
        optional={"fixed": st.dictionaries(PARAMETER_NAMES, NUMBERS, max_size=2)},
    ),
    "limits": _optional(
        maxTrials=COUNTS,
        maxParallelTrials=COUNTS,
        maxFailedTrials=COUNTS,
        maxInitialFailures=COUNTS,
        maxRuntime=DURATIONS,
        maxGpuHours=NUMBERS,
        maxPendingTime=DURATIONS,
    ),
    "completion": _optional(
        target=NUMBERS,
        notImproving=st.fixed_dictionaries({"trials": COUNTS}, optional={"tolerance": NUMBERS}),
        convergence=st.booleans(),
    ),
    "metrics": _optional(
        source=st.sampled_from(["Stdout", "File", "Annotation"]),
        container=st.sampled_from(["train", "other", ""]),
        path=st.sampled_from(["/m/log", "/log", "m/log", "/m/../l", "/m/l\n", "/é/l", "/m m/l"]),
        patterns=st.lists(st.fixed_dictionaries({"metric": METRICS, "regex": REGEXES}), max_size=2),
    ),
    "checkpoint": _optional(
        path=st.sampled_from(["/models", "models", "/models/", "/a/../b", "/é", "/a b", "/a\n"]),
        persistentVolumeClaim=_optional(claimName=st.sampled_from(["models", ""])),
        volumeClaimTemplate=_optional(
            spec=st.sampled_from([{}, {"accessModes": ["ReadWriteOnce"]}])
        ),
    ),
    "retention": _optional(jobs=DURATIONS),
    "bestParametersConfigMap": st.sampled_from(["best", "best-1", "Best", "b_", "-b", "b" * 47]),
    "runId": RUN_IDS,
    "stop": st.booleans(),
}


@st.composite
def jobs(draw: st.DrawFn) -> Manifest:
    """A good job with one or two fields of its spec drawn anew, and perhaps one thing spoilt."""
    job = good_job()
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=2, unique=True)):
        job["spec"][name] = copy.deepcopy(draw(FIELDS[name]))
    if draw(st.booleans()):
        _spoil(draw, job["spec"])
    return job


@st.composite
def updates(draw: st.DrawFn) -> tuple[Manifest, Manifest]:
    """Two jobs that differ in a field or two, one of them good; perhaps in their run as well."""
    old = good_job()
    old["spec"]["runId"] = "a"
    new = copy.deepcopy(old)
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=2, unique=True)):
        new["spec"][name] = copy.deepcopy(draw(FIELDS[name]))
    if draw(st.integers(0, 3)) == 0:
        _spoil(draw, new["spec"])
    if draw(st.booleans()):
        new["spec"]["runId"] = "b"
    return (new, old) if draw(st.booleans()) else (old, new)


def _spoil(draw: st.DrawFn, tree: Any) -> None:
    """Change one thing anywhere in a tree, for a random one."""
    places = list(_places(tree))
    if not places:
        return
    parent, key = draw(st.sampled_from(places))
    change = draw(st.sampled_from(["replace", "remove", "repeat", "add"]))
    if change == "replace":
        parent[key] = copy.deepcopy(draw(RUBBISH))
    elif change == "remove":
        del parent[key]
    elif isinstance(parent, list):
        parent.append(
            copy.deepcopy(parent[key]) if change == "repeat" else copy.deepcopy(draw(RUBBISH))
        )
    else:
        parent[f"{key}X" if change == "repeat" else "extra"] = copy.deepcopy(draw(RUBBISH))


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, child in items:
        found.append((tree, key))
        if isinstance(child, dict | list):
            found.extend(_places(child))
    return found
