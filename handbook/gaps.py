"""What the code gives and the handbook does not explain: reasons, labels and annotations.

A reason is found by its place, as an argument called `reason` or the fourth one of `announce_job`,
or by its form: a word with two capitals in a package that gives reasons.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from handbook.labels import ANNOTATIONS, LABELS
from kubetune.api import names
from kubetune.record.job_reasons import CONDITION_REASONS, JOB_REASONS, OTHER_EVENTS, REFUSALS
from kubetune.record.reasons import TRIAL_REASONS

TABLES = (TRIAL_REASONS, REFUSALS, JOB_REASONS, CONDITION_REASONS, OTHER_EVENTS)

_SOURCE = Path("operator/kubetune")
_SPEAKING = ("controller", "local", "record", "core", "stopping", "convergence", ".")
_TABLES_OF_REASONS = ("reasons.py", "job_reasons.py")
_CAMEL_CASE = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)*\Z")
_TWO_HUMPS = re.compile(r"(?:[A-Z][a-z]+|[A-Z]{2,})(?:[A-Z][a-z]+)+\Z")

_OTHER_WORDS = {
    *("ClusterRole", "ConfigMap", "PersistentVolumeClaim", "RoleBinding", "ServiceAccount"),
    *("TuningJob", "TuningJobs", "PodScheduled", "DisruptionTarget"),
    *("ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"),
    *("RegistryUnavailable", "CreateContainerConfigError", "CreateContainerError"),
    *("RunContainerError", "CrashLoopBackOff", "ImagePullBackOff"),
    *("FallbackToLogsOnError", "IfNotPresent", "RuntimeDefault", "StopTrial", "Trial"),
}
"""Words of the same form that are kinds, fields of pods, or the kubelet's reasons."""


def gaps(root: Path) -> Iterator[str]:
    """Yield a sentence for everything that the handbook leaves out.

    Args:
        root: Folder of the project.
    """
    explained = {reason.name for table in TABLES for reason in table}
    for word in sorted(reasons_of_the_code(root) - explained):
        yield f"say in operator/kubetune/record/reasons.py or job_reasons.py what {word} means"
    for name in sorted(_labels() - {*LABELS, *ANNOTATIONS}):
        yield f"say in handbook/labels.py what {name} is for"


def reasons_of_the_code(root: Path) -> set[str]:
    """Return every reason that the code gives."""
    files = [path for name in _SPEAKING for path in (root / _SOURCE / name).glob("*.py")]
    spoken = (path for path in files if path.name not in _TABLES_OF_REASONS)
    return {word for path in spoken for word in _reasons_in(path)} - _OTHER_WORDS


def _reasons_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    yield from _words(tree, _TWO_HUMPS)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            yield from _words(node.value, _CAMEL_CASE)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "announce_job":
            yield from _words(node.args[3], _CAMEL_CASE)


def _words(node: ast.AST, form: re.Pattern[str]) -> Iterator[str]:
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return (text for text in texts if isinstance(text, str) and form.match(text))


def _labels() -> set[str]:
    return {
        value
        for name, value in vars(names).items()
        if name.startswith(("LABEL_", "ANNOTATION_")) and isinstance(value, str)
    }
