"""What `kubetune explain` reads: a cluster, a file or standard input, and what is not there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.explain import ExplainOptions
from tests.cli.cli_builders import job_body, trial_body
from tests.cli.explained_jobs import ended_job
from tests.cli.explained_trials import TRIALS
from tests.cli.stories import story, told


async def test_a_file_may_come_from_standard_input_and_hold_other_jobs_and_kinds() -> None:
    other = job_body(name="other")
    elsewhere = trial_body(0, job="other")
    documents = [other, ended_job(), {"kind": "Pod"}, elsewhere, None, *TRIALS]
    stdin = "---\n".join(json.dumps(document) + "\n" for document in documents)
    text = await told(ExplainOptions(name="digits", filename="-"), stdin=stdin)
    assert "digits is Complete" in text


@pytest.mark.parametrize(
    ("objects", "name", "trial", "want"),
    [
        ([], None, None, "more than one TuningJob, or none; there is none in it"),
        ([ended_job()], "digit", None, "has no TuningJob 'digit'; there are: digits"),
        ([ended_job(), job_body(name="b")], None, None, "there are: b, digits"),
        ([ended_job(), *TRIALS], None, "99", "has no trial '99' in its present run; there are"),
        ([ended_job()], None, "0", "it has none yet"),
    ],
)
async def test_what_is_not_there_is_said(
    objects: Sequence[Any], name: str | None, trial: str | None, want: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as caught:
        await story(tmp_path, objects, name, trial)
    assert caught.value.code is ExitCode.NOT_FOUND
    assert want in caught.value.message


@pytest.mark.parametrize(
    ("text", "want"),
    [("a: [", "neither YAML nor JSON"), ("kind: TuningJob\nspec: 3\n", "cannot be read")],
)
async def test_a_file_that_is_none_is_an_error(text: str, want: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    options = ExplainOptions(name=None, filename=str(path))
    with pytest.raises(CommandError, match=want):
        await told(options)


async def test_without_a_file_or_a_name_there_is_nothing_to_explain(tmp_path: Path) -> None:
    missing = ExplainOptions(name=None, filename=str(tmp_path / "missing.yaml"))
    with pytest.raises(CommandError, match="cannot read"):
        await told(missing)
    with pytest.raises(CommandError, match="which TuningJob"):
        await told(ExplainOptions(name=None))
