"""Text tables as frames of strings: encoding, header and names; types are decided later."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evenkeel.errors import InvalidInput
from evenkeel.reading.fields import split_fields
from evenkeel.reading.sniff import has_header, sniff
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from evenkeel.reading.sniff import Dialect
    from evenkeel.reading.unpack import Payload

_SAMPLE = 2**18


@dataclass(frozen=True)
class TextTable:
    """A frame of strings, and how it was understood."""

    frame: pl.DataFrame
    notes: tuple[str, ...]
    decimal_comma: bool = False


def read_text(
    payload: Payload,
    *,
    names: Sequence[str] | None = None,
    header: bool = True,
    known: Sequence[str] | None = None,
) -> TextTable:
    """Read a delimited text table; every column comes back as strings.

    Parameters
    ----------
    payload
        The file.
    names
        Column names; where there are fewer names than columns the rest is numbered.
    header
        False: the first row is data. True: decided by what stands in it.
    known
        The columns of an earlier table; a file without a header takes their names when the
        number of columns agrees.

    Raises
    ------
    InvalidInput
        The file is binary, has no rows, or has a row with too many fields.
    """
    content, sample, notes = decoded(payload)
    cut = not _is_whole(payload, content)
    text = sample.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")
    if "\r" in text and "\n" not in text:
        content = (payload.read() if content is None else content).replace(b"\r", b"\n")
        text = text.replace("\r", "\n")
    dialect, rows = sniff(text, cut=cut)
    if not rows:
        raise InvalidInput(f"{payload.path} holds no rows.")
    titled = header and _is_header(rows, names, known)
    columns, n_columns = _columns(
        rows, dialect, titled=titled, names=names, known=known, notes=notes
    )
    dialect = replace(dialect, n_columns=n_columns)
    frame = split_fields(payload, content, dialect, columns).slice(int(titled))
    if dialect.delimiter not in {None, ","}:
        notes.append(f"fields are separated by {dialect.words}")
    if dialect.quote == "'":
        notes.append("the single quotes around fields are taken off")
    if not titled and not names and not known and header:
        notes.append("the first row is data, not a header")
    frame = _without_empty(frame, columns, titled=titled, notes=notes)
    if not frame.height:
        raise InvalidInput(f"{payload.path} has a header and no rows below it.")
    return TextTable(frame, tuple(notes), decimal_comma=dialect.delimiter in {";", "\t"})


def distinct_names(columns: Sequence[str], notes: list[str]) -> list[str]:
    """Number unnamed columns and tell repeated names apart.

    >>> distinct_names(["a", "", "a"], [])
    ['a', 'column_2', 'a_2']
    """
    taken: set[str] = set()
    repeated: list[str] = []
    result = []
    for at, name in enumerate(columns):
        base = name.strip() or f"column_{at + 1}"
        unique, number = base, 1
        while unique in taken or (unique != base and unique in columns):
            number += 1
            unique = f"{base}_{number}"
        if unique != base:
            repeated.append(f"{base!r} is read as {unique!r}")
        taken.add(unique)
        result.append(unique)
    if repeated:
        notes.append("repeated column names: " + ", ".join(repeated[:5]))
    return result


def decoded(payload: Payload) -> tuple[bytes | None, bytes, list[str]]:
    """Check and decode a text: UTF-8 bytes (None: the file is usable as it lies), its first part, and notes."""
    head = payload.head(_SAMPLE)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = _as_utf8(payload, "utf-16")
        return content, content[:_SAMPLE], ["the text is UTF-16"]
    control = sum(head.count(bytes([code])) for code in range(32) if code not in {9, 10, 12, 13})
    if b"\x00" in head or control > len(head) // 100:
        raise InvalidInput(f"{payload.path} is a binary file, not a table that evenkeel can read.")
    if _is_utf8(payload, head):
        return payload.content, head, []
    content = _as_utf8(payload, "cp1252")
    return content, content[:_SAMPLE], ["the text is not UTF-8 and was read as Latin-1"]


def _is_utf8(payload: Payload, head: bytes) -> bool:
    """Check all of it, in pieces: one bad byte late in the file must not stop the reader."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        with payload.open() as file:
            file.seek(len(head))
            while chunk := file.read(2**22):
                decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(payload: Payload, encoding: str) -> bytes:
    raw = payload.read()
    try:
        return raw.decode(encoding).encode()
    except UnicodeDecodeError:
        return raw.decode("latin-1").encode()


def _is_whole(payload: Payload, content: bytes | None) -> bool:
    size = payload.path.stat().st_size if content is None else len(content)
    return size <= _SAMPLE


def _is_header(
    rows: list[list[str]], names: Sequence[str] | None, known: Sequence[str] | None
) -> bool:
    """A first row that repeats names we already have is a header, whatever it looks like."""
    first = {cell.strip() for cell in rows[0]}
    for have in (names, known):
        if have and len(first & set(have)) > len(first) / 2:
            return True
    return has_header(rows)


def _columns(
    rows: list[list[str]],
    dialect: Dialect,
    *,
    titled: bool,
    names: Sequence[str] | None,
    known: Sequence[str] | None,
    notes: list[str],
) -> tuple[list[str], int]:
    """Names of the columns, and how many fields a row has."""
    widest = max(dialect.n_columns, len(rows[0]) if titled else 0)
    if names:
        if len(names) > widest:
            raise InvalidInput(
                f"There are {len(names)} column names, but the rows have {widest} fields."
            )
        if titled:
            notes.append("the header of the file was replaced by the names that were given")
        rest = [f"column_{at + 1}" for at in range(len(names), widest)]
        if rest:
            notes.append(
                f"{plural(len(names), 'name')} for {widest} columns: the rest is called {', '.join(rest[:5])}"
            )
        return distinct_names([*names, *rest], notes), widest
    if titled:
        header = [cell.strip() for cell in rows[0]]
        short = widest - len(header)
        # R writes row names without a title; a trailing delimiter makes an empty last column.
        trailing = all(not row[-1].strip() for row in rows[1:] if len(row) == widest)
        header = header + [""] * short if trailing else ["row_name"] * min(short, 1) + header
        return distinct_names(header + [""] * (widest - len(header)), notes), widest
    if known and len(known) == widest:
        notes.append("no header: the columns are named as in the training table")
        return list(known), widest
    return [f"column_{at + 1}" for at in range(widest)], widest


def _without_empty(
    frame: pl.DataFrame, columns: Sequence[str], *, titled: bool, notes: list[str]
) -> pl.DataFrame:
    """Drop empty lines, and unnamed columns in which nothing stands."""
    import polars as pl

    kept = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    if kept.height < frame.height and kept.height:
        notes.append(f"empty lines left out: {frame.height - kept.height:,}")
    if titled:
        unnamed = [name for at, name in enumerate(columns) if name == f"column_{at + 1}"]
        empty = [name for name in unnamed if kept[name].null_count() == kept.height]
        kept = kept.drop(empty)
    return kept


def read_names(payload: Payload) -> list[str]:
    """Column names from a file: separated by commas on one line, or one name a line.

    Where a line has more fields (``duration,continuous``), the first is the name.
    """
    content, _, _ = decoded(payload)
    raw = payload.read() if content is None else content
    text = raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if not lines:
        raise InvalidInput(f"{payload.path} holds no column names.")
    parts = [re.split(r"[,;\t]", line) for line in lines]
    fields = parts[0] if len(lines) == 1 else [part[0] for part in parts]
    names = [field.strip().strip("\"'").strip() for field in fields]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise InvalidInput(f"{payload.path} names {again[0]!r} twice.")
    return names
