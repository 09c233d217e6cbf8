"""The reference of both command lines, from their argument parsers."""

import argparse
from collections.abc import Iterator

from handbook.markdown import code, generated, table
from kubetune.cli.parser import build_parser
from kubetune.controller.arguments import build_parser as build_operator_parser

PAGE = "command-line.md"


def command_line_page() -> str:
    """Return the page of `kubetune` and of the operator."""
    parser = build_parser("kubetune")
    begin = generated(
        "Command line",
        "The same program is `kubetune` and, as a plugin of kubectl, `kubectl kubetune`. "
        "`kubetune COMMAND --help` says what stands here.",
        f"```text\n{(parser.epilog or '').strip()}\n```",
        "These flags go with every command that asks a cluster, before it or after it:",
        _flags(_shared(parser)),
    )
    commands = [_command(name, command) for name, command in _commands(parser).items()]
    return "\n\n".join([begin, *commands, _operator()]) + "\n"


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001  argparse has no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  see above
            return dict(action.choices)
    return {}


def _shared(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in _options(parser) if action.dest != "version"]


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    own = [a for a in _options(parser) if a.dest not in ("namespace", "context", "kubeconfig")]
    parts = [f"## kubetune {name}", (parser.description or "").strip(), f"    {_usage(name, own)}"]
    if own:
        parts.append(_flags(own))
    if parser.epilog:
        parts.append(f"```text\n{parser.epilog.strip()}\n```")
    return "\n\n".join(parts)


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    skipped = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001  no public way
    return [a for a in parser._actions if not isinstance(a, skipped)]  # noqa: SLF001  see above


def _usage(name: str, actions: list[argparse.Action]) -> str:
    words = [f"kubetune {name}"]
    for action in sorted(actions, key=lambda action: bool(action.option_strings)):
        is_flag = bool(action.option_strings)
        word = _shown(action.option_strings[0], action) if is_flag else str(action.metavar)
        optional = not action.required if is_flag else action.nargs == "?"
        words.append(f"[{word}]" if optional else word)
    return " ".join(words)


def _shown(flag: str, action: argparse.Action) -> str:
    if action.nargs == 0:
        return flag
    return f"{flag} {_value(action)}"


def _value(action: argparse.Action) -> str:
    if action.metavar is not None:
        return str(action.metavar)
    return "|".join(map(str, action.choices or ())) or action.dest.upper()


def _flags(actions: list[argparse.Action]) -> str:
    return table(["Argument", "What it does"], _rows(actions))


def _rows(actions: list[argparse.Action]) -> Iterator[list[str]]:
    for action in actions:
        names = [_shown(flag, action) for flag in action.option_strings] or [_value(action)]
        yield [", ".join(map(code, names)), (action.help or "").replace("%%", "%")]


def _operator() -> str:
    parser = build_operator_parser()
    return "\n\n".join(
        [
            "## The operator",
            f"`{parser.prog}`: {parser.description}",
            _flags(_options(parser)),
        ]
    )
