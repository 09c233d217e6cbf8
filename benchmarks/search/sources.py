"""A hash of the source that decides, so results of older code are never taken for those of newer.

It covers what can change a suggestion or a stop: the modules that are named, what they import
from `search` and `stopping`, and the search space. A changed docstring changes it too; a comment
or a change elsewhere in Kubetune does not.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import kubetune

_ROOT: Final = Path(kubetune.__path__[0])
_FOLLOWED: Final = ("kubetune.search.", "kubetune.stopping.")
_ALWAYS: Final = ("core.axis", "core.scale", "core.seeding", "core.space")


@cache
def source_hash(*modules: str, without: tuple[str, ...] = ()) -> str:
    """Return the hash for modules such as "search.bayesian".

    Args:
        modules: Those that decide.
        without: Those that they import but that decide nothing here.
    """
    pending = {f"kubetune.{module}" for module in (*modules, *_ALWAYS)}
    left_out = {f"kubetune.{module}" for module in without}
    trees: dict[str, ast.Module] = {}
    while pending:
        module = pending.pop()
        trees[module] = ast.parse(path_of(module).read_bytes())
        pending |= {name for name in _imports(trees[module]) if name not in trees} - left_out
    digest = hashlib.blake2b(digest_size=6)
    for module in sorted(trees):
        digest.update(ast.unparse(trees[module]).encode())
    return digest.hexdigest()


def path_of(module: str) -> Path:
    """Return the file of a module of Kubetune."""
    return _ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of `search` and `stopping` that a module imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_FOLLOWED):
            yield str(node.module)
