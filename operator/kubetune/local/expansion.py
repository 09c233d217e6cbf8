"""References to variables, `$(NAME)`, filled in as the kubelet does it; pure.

Source: Kubernetes, third_party/forked/golang/expansion: `$$` stands for `$`, so that `$$(NAME)` is
the text `$(NAME)`; a name that is not set, and a reference that is not closed, stay as they are.
"""

import re
from collections.abc import Mapping

# One operator: escaped, with a whole reference, or with neither.
_OPERATOR = re.compile(r"\$(?:(?P<escaped>\$)|\((?P<name>[^)]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return the text with its references filled in."""

    def filled(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        return variables.get(found["name"], found[0])

    return _OPERATOR.sub(filled, text)
