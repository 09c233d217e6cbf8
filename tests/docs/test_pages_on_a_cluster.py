"""What the handbook shows is what a real API server takes, and its commands do what it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.cli.validate import validate
from tests.conftest import TestCluster
from tests.docs.desk import make_desk, run_page
from tests.docs.fragments import manifests
from tests.docs.pages import Page, written_pages

PAGES = written_pages()


def is_run(page: Page) -> bool:
    return any(block.remark != "Not run" for block in page.of("sh"))


def numbered(page: Page, namespace: str) -> Iterator[dict[str, Any]]:
    """Yield the manifests of a page, each with a name of its own, in one namespace."""
    for number, (_, manifest) in enumerate(manifests(page)):
        metadata = {**manifest["metadata"], "namespace": namespace}
        if manifest["kind"] == "Namespace":
            del metadata["namespace"]
        metadata["name"] = f"{metadata['name']}-{number}"
        yield {**manifest, "metadata": metadata}


@pytest.mark.apiserver
def test_the_api_server_takes_every_manifest_and_the_first_job_of_each(
    crds: TestCluster, namespace: str, tmp_path: Path
) -> None:
    crds.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
    shown = [manifest for page in PAGES for manifest in numbered(page, namespace)]
    path = tmp_path / "jobs.yaml"
    path.write_text(yaml.safe_dump_all(m for m in shown if m["kind"] == "TuningJob"))
    out = (tmp_path / "first.yaml").open("w+")
    with out:
        validate([str(path)], output="yaml", quiet=False, stdin=out, out=out)
        out.seek(0)
        jobs = [job for job in yaml.safe_load_all(out) if job]
    for job in jobs:
        job["metadata"]["namespace"] = namespace
    assert len(jobs) > len(PAGES)
    items = {"apiVersion": "v1", "kind": "List", "items": [*shown, *jobs]}
    dry = ("create", "--dry-run=server", "--validate=strict", "-f", "-")
    created = crds.kubectl(*dry, stdin=json.dumps(items)).stdout
    assert len(created.splitlines()) == len(shown) + len(jobs)


@pytest.mark.cluster
@pytest.mark.parametrize(
    "page", [page for page in PAGES if is_run(page)], ids=lambda page: page.name
)
def test_the_commands_of_a_page_do_what_it_says(
    page: Page, kubetune: TestCluster, namespace: str, tmp_path: Path
) -> None:
    run_page(make_desk(kubetune, namespace, tmp_path, page), page)
