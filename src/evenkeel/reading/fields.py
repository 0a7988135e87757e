"""Split the bytes of a text table into a frame of strings; a row that does not fit is named."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NoReturn

from evenkeel.errors import InvalidInput
from evenkeel.reading.sniff import Dialect, csv_reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from evenkeel.reading.unpack import Payload


def split_fields(
    payload: Payload, content: bytes | None, dialect: Dialect, columns: Sequence[str]
) -> pl.DataFrame:
    """A frame of strings, the header row included; empty fields are null.

    Parameters
    ----------
    payload
        The file.
    content
        Its bytes as UTF-8; None when the file can be read as it lies.
    dialect
        How fields are told apart.
    columns
        Names of the columns; shorter rows end in nulls.

    Raises
    ------
    InvalidInput
        A row has more fields than there are columns.
    """
    import polars as pl

    def raw() -> bytes:
        return payload.read() if content is None else content

    if dialect.delimiter is None and dialect.quote is None:
        return _lines(raw(), dialect, columns[0])
    separator = dialect.delimiter or "\x1f"
    body = payload.path if content is None and _is_text(payload.path) else raw()
    if dialect.delimiter == " " or dialect.padded:
        if dialect.quote is not None:
            return _split_slowly(raw(), dialect, columns, payload)
        single = re.sub(rb"[ \t]+", b"\t", raw())
        body, separator = re.sub(rb"\t(?=\r?$)|^\t", b"", single, flags=re.MULTILINE), "\t"
    try:
        return pl.read_csv(
            body,
            has_header=False,
            schema=dict.fromkeys(columns, pl.String),
            separator=separator,
            quote_char=dialect.quote,
            skip_lines=dialect.skip_lines,
            glob=False,
        )
    except pl.exceptions.PolarsError:
        # Python's reader takes first rows that are short, and can say which row is too long.
        return _split_slowly(raw(), dialect, columns, payload)


def _is_text(path: Path) -> bool:
    """Whether polars can open the file by its name."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _lines(raw: bytes, dialect: Dialect, column: str) -> pl.DataFrame:
    import polars as pl

    lines = [line.strip() or None for line in _below(raw, dialect).split("\n")]
    return pl.DataFrame({column: pl.Series(lines, dtype=pl.String)})


def _split_slowly(
    raw: bytes, dialect: Dialect, columns: Sequence[str], payload: Payload
) -> pl.DataFrame:
    """Python's reader, for what polars cannot split: quotes after blanks, ragged rows."""
    import polars as pl

    width = len(columns)
    rows: list[list[str | None]] = []
    reader = csv_reader(_below(raw, dialect), dialect)
    try:
        for row in reader:
            if len(row) > width:
                _refuse(row, reader.line_num + dialect.skip_lines, dialect, payload)
            rows.append([cell or None for cell in row] + [None] * (width - len(row)))
    except csv.Error as error:
        line = reader.line_num + dialect.skip_lines
        raise InvalidInput(
            f"{payload.path} cannot be split into fields near line {line:,}: {error}."
        ) from error
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _below(raw: bytes, dialect: Dialect) -> str:
    text = raw.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")
    return text.split("\n", dialect.skip_lines)[-1] if dialect.skip_lines else text


def _refuse(row: list[str], line: int, dialect: Dialect, payload: Payload) -> NoReturn:
    raise InvalidInput(
        f"Line {line:,} of {payload.path} has {len(row)} fields, but most have {dialect.n_columns} "
        f"(separated by {dialect.words}). Mend the line, or quote the field that holds the delimiter."
    )
