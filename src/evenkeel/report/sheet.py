"""A sheet of lines with a name in the margin; text is wrapped, and cut where it is given no more lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.report import wording

if TYPE_CHECKING:
    from rich.text import Text

MARGIN = 13


class Sheet:
    """Lines for a terminal.

    Parameters
    ----------
    width
        Cells of a line, 60 or more.

    Attributes
    ----------
    lines
        What was said, ready to print.
    """

    def __init__(self, width: int) -> None:
        self.width = max(60, width)
        self.lines: list[Text] = []

    def skip(self) -> None:
        """An empty line."""
        from rich.text import Text

        self.lines.append(Text(""))

    def say(self, name: str, told: Any, *, most: int, style: str = "") -> int:
        """Add a sentence in at most ``most`` lines; nothing where there is nothing to say.

        Returns
        -------
        int
            Lines added.
        """
        from rich.text import Text

        words = wording.tidy(told or "", most=2000).strip()
        if not words or most < 1:
            return 0
        wrapped = _wrap(words, self.width - MARGIN)
        kept = wrapped[:most]
        if len(wrapped) > most:
            kept[-1] = _cut(f"{kept[-1]} {wrapped[most]}", self.width - MARGIN)
        for at, part in enumerate(kept):
            margin = Text(f"{name if at == 0 else '':<{MARGIN}}", style="bold")
            self.lines.append(margin + Text(part, style=style))
        return len(kept)

    def items(self, name: str, items: list[str], *, most: int = 1, lead: str = "") -> int:
        """Add items between dots; those that do not fit into ``most`` lines are counted.

        Returns
        -------
        int
            Lines added.
        """
        shown = [wording.tidy(item, most=200) for item in items]
        for kept in range(len(shown), 0, -1):
            more = [f"and {len(shown) - kept:,} more"] if kept < len(shown) else []
            told = lead + " · ".join(shown[:kept] + more)
            if kept == 1 or len(_wrap(told, self.width - MARGIN)) <= most:
                return self.say(name, told, most=most)
        return 0


def _wrap(words: str, width: int) -> list[str]:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    lines = Text(words).wrap(Console(width=width), width, overflow="fold")
    return [line.plain.rstrip() for line in lines if cell_len(line.plain)]


def _cut(words: str, width: int) -> str:
    """Words that fit, cut between two of them."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(words) <= width:
        return words
    short = set_cell_size(words, width - 1)
    if not words[len(short) :].startswith(" "):
        head = short.rpartition(" ")[0]
        short = head if len(head) > len(short) // 2 else short  # a word as long as the line is cut
    return short.rstrip(" ,;:([·") + "…"
