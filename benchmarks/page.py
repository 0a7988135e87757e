"""Put what a benchmark printed between its marks on a page of docs/, and leave the rest alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def put(page: Path, mark: str, text: str) -> None:
    """Replace what stands between two lines ``<!-- mark -->``; a page without them gets both at its end."""
    line = f"<!-- {mark} -->"
    before, found, rest = page.read_text().partition(line)
    after = rest.partition(line)[2] if found else "\n"
    start = before if found else f"{before.rstrip()}\n\n"
    page.write_text(f"{start}{line}\n\n{text.strip()}\n\n{line}{after}")
