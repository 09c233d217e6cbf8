"""The commands that a story ends with work where the job is."""

import re
import shlex
from pathlib import Path

from kubetune.cli.access import Target
from kubetune.cli.explain import ExplainOptions
from kubetune.cli.parser import build_parser
from tests.cli.explained_jobs import ended_job, running_job
from tests.cli.explained_trials import TRIALS
from tests.cli.stories import kept, story, told
from tests.kube.fake_api_server import FakeApiServer


async def test_from_a_cluster_the_same_is_told(
    server: FakeApiServer, target: Target, tmp_path: Path
) -> None:
    trials = [{**t, "metadata": {**t["metadata"], "resourceVersion": "1"}} for t in TRIALS]
    server.put("/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs", running_job())
    for trial in trials:
        server.put("/apis/kubetune.dev/v1alpha1/namespaces/team-a/trials", trial)
    text = await told(ExplainOptions(name="digits"), target=target)
    heading = "What to look at next"
    from_a_file = await story(tmp_path, [running_job(), *TRIALS])
    assert text.split(heading)[0] == from_a_file.split(heading)[0]
    found = proposals(text)
    assert [command.split()[1] for command in found] == ["explain", "watch"]
    for command in found:
        arguments = build_parser("kubetune").parse_args(shlex.split(command)[1:])
        assert (arguments.kubeconfig, arguments.name) == (target.kubeconfig, "digits")


def proposals(text: str) -> list[str]:
    """Return the commands that a story proposes, its lines put together again."""
    _, lines = text.split("What to look at next\n")
    whole = " ".join(lines.split())
    ends = r" (?:tells (?:of|how)|follows|prints|lets)"
    return re.findall(r"kubetune \S.*?(?=" + ends + ")", whole)


async def test_each_proposed_command_works_where_the_job_is(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = kept(folder, [ended_job(), *TRIALS])
    found = proposals(await told(ExplainOptions(name=None, filename=str(path))))
    assert [shlex.split(command)[1] for command in found] == ["explain", "best", "explain"]
    for command in found:
        arguments = build_parser("kubetune").parse_args(shlex.split(command)[1:])
        assert (arguments.name, arguments.filename) == ("digits", str(path))


async def test_a_job_that_kubetune_run_left_is_not_looked_for_on_a_cluster(tmp_path: Path) -> None:
    job = running_job(phase="Suspended", reason="Interrupted")
    text = await story(tmp_path, [job, *TRIALS])
    assert "the same kubetune run command lets it go on" in text
    assert "kubetune watch" not in text
    assert "kubetune resume" not in text
