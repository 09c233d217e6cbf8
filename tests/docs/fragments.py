"""The manifests of a page, with what is shown of a TuningJob completed to a whole one.

A YAML block without a kind is a part of a TuningJob: it begins at `spec` and is laid over a small
one; containers of the same name are joined.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.docs.pages import Block, Page

Manifest = dict[str, Any]

_BASE = """
apiVersion: kubetune.dev/v1alpha1
kind: TuningJob
metadata: {name: part}
spec:
  objective: {metric: val_accuracy, goal: Maximize}
  parameters:
    - {name: learning_rate, type: Float, min: 0.0001, max: 0.3, scale: Log}
  strategy: {type: Random}
  limits: {maxTrials: 20, maxParallelTrials: 4}
  trial:
    template:
      metadata:
        annotations: {kubetune.dev/reads: KUBETUNE_PARAMETERS}
      spec:
        template:
          spec:
            containers:
              - name: train
                image: kubetune/trainer:dev
                command: [python3, train.py]
                args: [--epochs=$(trial.resource)]
"""


def manifests(page: Page) -> Iterator[tuple[Block, Manifest]]:
    """Yield every manifest of a page that is to be checked, parts completed."""
    for block in page.of("yaml"):
        if block.remark == "Not checked" or is_values(block):
            continue
        for document in yaml.safe_load_all(block.text):
            yield block, document if "kind" in document else completed(document)


def is_values(block: Block) -> bool:
    """True for values of the chart."""
    return block.file.endswith("values.yaml")


def completed(part: Mapping[str, Any]) -> Manifest:
    """Return a whole TuningJob from a part of one."""
    assert set(part) == {"spec"}, "a part of a TuningJob begins at spec"
    base: Manifest = yaml.safe_load(_BASE)
    spec = part["spec"]
    if spec.get("strategy", {}).get("type") != "Hyperband":
        container = base["spec"]["trial"]["template"]["spec"]["template"]["spec"]["containers"][0]
        container["args"] = ["--epochs=10"]
    if spec.get("strategy", {}).get("type") == "Grid":
        del base["spec"]["limits"]["maxTrials"]
    return {**base, "spec": _laid_over(base["spec"], spec)}


def _laid_over(base: Any, part: Any, key: str = "") -> Any:
    if isinstance(base, dict) and isinstance(part, dict):
        return {**base, **{name: _laid_over(base.get(name), part[name], name) for name in part}}
    if key == "containers":
        named = {container["name"]: container for container in base}
        return [_laid_over(named.get(container["name"]), container) for container in part]
    return part
