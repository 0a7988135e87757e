"""Sentences about parameters in the words of the command line: ``--cost-fn``, not ``cost_fn``."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_WHOSE = r"of (?:run|Policy|a decision|capacity|guaranteed|make_folds)\b"


def options_of(app: object, args: Sequence[str] | None) -> list[str]:
    """The long options of the command that was called, such as ``"--cost-fn"``."""
    import typer

    words = sys.argv[1:] if args is None else args
    commands = getattr(typer.main.get_command(app), "commands", {})  # type: ignore[arg-type]
    called = next((commands[word] for word in words if word in commands), None)
    given = [] if called is None else [name for one in called.params for name in one.opts]
    return [name for name in given if name.startswith("--")]


def in_flags(message: str, options: Collection[str]) -> str:
    """A message whose parameters are named as they were typed.

    Names of two words are translated wherever they stand outside quotes, names of one word only
    where they are called somebody's (``metric of run``): they are words of English, too.

    >>> in_flags("cost_fn and cost_fp of run must be given together. Got only cost_fn.",
    ...          ["--cost-fn", "--cost-fp"])
    '--cost-fn and --cost-fp must be given together. Got only --cost-fn.'
    >>> in_flags("metric of run must be f1. Got 'cost_fn'.", ["--metric", "--cost-fn"])
    "--metric must be f1. Got 'cost_fn'."
    """
    flags = {name.removeprefix("--").replace("-", "_"): name for name in options}
    if not flags:
        return message
    long = "|".join(sorted((name for name in flags if "_" in name), key=len, reverse=True))
    any_name = "|".join(sorted(flags, key=len, reverse=True))
    parts = re.split(r"""('[^']*'|"[^"]*")""", message)
    for at in range(0, len(parts), 2):
        told = parts[at]
        # Where the flag already stands beside the parameter, it stands alone.
        told = re.sub(r"\b\w+(?:=\w+)?(?: and \w+)? \((--[a-z][^)]*)\)", r"\1", told)
        told = re.sub(rf"\b({any_name}) {_WHOSE}", lambda found: flags[found[1]], told)
        if long:
            told = re.sub(rf"(?<![-\w])({long})\b", lambda found: flags[found[1]], told)
        parts[at] = told
    return "".join(parts)
