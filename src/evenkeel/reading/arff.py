"""ARFF, the format of Weka, KEEL and Mulan: a typed header above comma-separated rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evenkeel.errors import InvalidInput
from evenkeel.reading.fields import split_fields
from evenkeel.reading.sniff import Dialect, sniff
from evenkeel.reading.text import TextTable, decoded, distinct_names

if TYPE_CHECKING:
    from evenkeel.reading.unpack import Payload

_SAMPLE = 2**18
_LINE = 4_000  # a hostile line of blanks must not keep the pattern busy
_ATTRIBUTE = re.compile(
    r"@attribute\s+(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+))\s+(.+)", re.IGNORECASE
)


def read_arff(payload: Payload) -> TextTable:
    """Read a dense ARFF file: the attributes name the columns, ``?`` is missing.

    Raises
    ------
    InvalidInput
        The file has no attributes, no rows, or is sparse.
    """
    content, _, notes = decoded(payload)
    text = (payload.read() if content is None else content).decode("utf-8", errors="replace")
    found = re.search(r"^\s*@data[^\n]*\n", text, re.IGNORECASE | re.MULTILINE)
    if found is None:
        raise InvalidInput(f"{payload.path} is not a whole ARFF file: it has no @data line.")
    lines = (line.strip() for line in text[: found.start()].split("\n"))
    matches = [match for line in lines if (match := _ATTRIBUTE.match(line[:_LINE]))]
    columns = [next(part for part in match.groups()[:3] if part is not None) for match in matches]
    body = re.sub(
        r"^\s*(%[^\n]*)?\n", "", text[found.end() :].replace("\r", ""), flags=re.MULTILINE
    )
    if not columns or not body.strip():
        raise InvalidInput(f"{payload.path} is an ARFF file without attributes or without rows.")
    if body.lstrip().startswith("{"):
        raise InvalidInput(f"{payload.path} is a sparse ARFF file. Save it as dense ARFF or CSV.")
    sniffed, _ = sniff(body[:_SAMPLE], cut=len(body) > _SAMPLE)
    quote = sniffed.quote if "'" not in body[:_SAMPLE] else sniffed.quote or "'"
    dialect = Dialect(sniffed.delimiter or ",", quote, len(columns), padded=sniffed.padded)
    columns = distinct_names(columns, notes)
    return TextTable(split_fields(payload, body.encode(), dialect, columns), tuple(notes))
