"""Faults of `spec.metrics`, its patterns apart."""

from tests.api.bad_specs.bad_spec import BadSpec

METRICS = (
    BadSpec(
        id="a file without its path",
        changes={"spec.metrics.source": "File"},
        field="spec.metrics.path",
        remedy="such as /metrics/log.txt",
        rule="path-missing",
    ),
    BadSpec(
        id="a path without a file",
        changes={"spec.metrics.path": "/metrics/log.txt"},
        field='spec.metrics.path "/metrics/log.txt"',
        remedy="remove it, or change spec.metrics.source",
        rule="path-without-file",
    ),
    *(
        BadSpec(
            id=f"a metrics file {words}",
            changes={"spec.metrics": {"source": "File", "path": path}},
            field=f'spec.metrics.path "{path}"',
            remedy="write an absolute path such as /metrics/log.txt",
            rule="path-malformed",
        )
        for words, path in {
            "in the root directory": "/log.txt",
            "whose path is relative": "metrics/log.txt",
            "whose path climbs": "/metrics/../log.txt",
            "whose path has a colon, which mounts do not allow": "/a:b/log.txt",
            "whose path is a directory": "/metrics/",
        }.items()
    ),
)
