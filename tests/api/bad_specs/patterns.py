"""Faults of `spec.metrics.patterns`."""

from tests.api.bad_specs.bad_spec import BadSpec

PATTERNS = (
    BadSpec(
        id="patterns for training code that reports by itself",
        changes={
            "spec.metrics": {
                "source": "Annotation",
                "patterns": [{"metric": "val_accuracy", "regex": "a=(?P<value>.*)"}],
            }
        },
        field="spec.metrics.patterns",
        remedy="remove it, or change spec.metrics.source",
        rule="patterns-with-annotation",
    ),
    BadSpec(
        id="a pattern for a metric that nobody asked for",
        changes={
            "spec.metrics.patterns": [
                {"metric": "val_accuracy", "regex": "acc (?P<value>.*)"},
                {"metric": "f1", "regex": "f1 (?P<value>.*)"},
            ]
        },
        field='spec.metrics.patterns: "f1"',
        remedy="add it to spec.objective.additionalMetrics",
        rule="pattern-of-unknown-metric",
    ),
    BadSpec(
        id="patterns that leave the objective out",
        changes={"spec.metrics.patterns": [{"metric": "val_loss", "regex": "loss (?P<value>.*)"}]},
        field="spec.metrics.patterns",
        remedy='no pattern for the objective metric "val_accuracy", so it would never be found',
        rule="objective-without-pattern",
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="leave out look-around, back-references",
            rule="regex-not-shared",
        )
        for words, regex in {
            "a look-ahead": "acc=(?P<value>[0-9.]+)(?=%)",
            "a look-behind": "(?<=acc=)(?P<value>[0-9.]+)",
            "a back-reference": "(a)=(?P<value>.*)\\1",
            "a named back-reference": "(?P<value>.*)(?P=value)",
            "a possessive quantifier": "(?P<value>.*+)",
            "a POSIX class": "(?P<value>[[:digit:]]+)",
            "a Unicode class": "(?P<value>\\pN+)",
            "a count without its start": "(?P<value>a{,3})",
            "a brace that stands for itself": '{"acc": (?P<value>.*)}',
            "a group of another name": "(?P<metric>acc)=(?P<value>.*)",
            "an anchor that only Python knows": "(?P<value>.*)\\Z",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="put a group named value around it",
            rule="regex-without-value",
        )
        for words, regex in {
            "no group": "acc=.*",
            "a group without a name": "acc=(.*)",
            "its group escaped": "acc=\\(?P<value>.*",
            "its group in a class": "acc=[(?P<value>)]",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns",
            remedy="close every group and give ranges and counts in ascending order",
            rule="regex-broken",
        )
        for words, regex in {
            "an open group": "acc=(?P<value>.*",
            "a group closed twice": "acc=(?P<value>.*))",
            "a range upside down": "acc=(?P<value>[9-0]+)",
            "a count upside down": "acc=(?P<value>[0-9]{3,1})",
            "counts of counts beyond a thousand": "(?P<value>(?:a{40}){40})",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with two groups named {name}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="keep one, and make the other (?:...)",
            rule="regex-repeats-group",
        )
        for name, regex in {
            "value": "(?P<value>a)|(?P<value>b)",
            "step": "(?P<step>a)(?P<value>.*)(?P<step>b)",
        }.items()
    ),
)
