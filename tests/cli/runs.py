"""Calls of `kubetune run` in the working directory, and what they keep there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubetune.cli.main import main

TRAINER = "x=$(params.x); echo epoch=1 loss=${x#-}; echo done"


def shell(program: str = TRAINER) -> dict[str, Any]:
    return {"command": ["/bin/sh", "-c", program]}


def write(body: Mapping[str, Any]) -> str:
    Path("toy.yaml").write_text(yaml.safe_dump(dict(body)), encoding="utf-8")
    return "toy.yaml"


def call(body: Mapping[str, Any], *flags: str) -> int:
    return main(["kubetune", "run", "-f", write(body), *flags])


def kept(name: str = "tuningjob.json", directory: str = ".kubetune/toy") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(directory) / name).read_bytes())
    return content
