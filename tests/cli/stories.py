"""What `kubetune explain` tells."""

from collections.abc import Sequence
from contextlib import chdir
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from kubetune.cli.access import Target
from kubetune.cli.exits import ExitCode
from kubetune.cli.explain import ExplainOptions, explain
from tests.cli.cli_builders import at

NOWHERE = Target()
NOW = at(200)


def kept(folder: Path, objects: Sequence[Any]) -> Path:
    """The path of a file that holds these objects."""
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump({"kind": "List", "items": list(objects)}), encoding="utf-8")
    return path


async def told(options: ExplainOptions, *, target: Target = NOWHERE, stdin: str = "") -> str:
    """What is told, which has to go well."""
    out = StringIO()
    code = await explain(target, options, stdin=StringIO(stdin), out=out, now=NOW)
    assert code is ExitCode.OK
    return out.getvalue()


async def story(
    tmp_path: Path, objects: Sequence[Any], name: str | None = None, trial: str | None = None
) -> str:
    """What is told of objects in a file; its name in the text is the same in every folder."""
    path = kept(tmp_path, objects)
    with chdir(tmp_path):
        return await told(ExplainOptions(name=name, trial=trial, filename=path.name))
