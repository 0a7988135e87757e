"""What a text table looks like: delimiter, quoting, comment lines and header, from its first part."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf|nan", re.IGNORECASE)
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
MISSING = frozenset(
    [
        "",
        "?",
        "NA",
        "N/A",
        "n/a",
        "na",
        "#N/A",
        "#NA",
        "nan",
        "NaN",
        "NAN",
        "-nan",
        "null",
        "NULL",
        "Null",
        "<NA>",
        "<null>",
        "\\N",
        "NaT",
    ]
)
_DELIMITERS = ("\t", ";", ",", "|", " ")  # where several fit equally well, the earlier wins
_COMMENT = ("#", "%", "|", "//")
_ROWS = 1_000
_WORDS = {"\t": "tabs", " ": "spaces"}


@dataclass(frozen=True)
class Dialect:
    """How the fields of a text table are told apart.

    ``delimiter`` is None for one column; ``padded`` says that blanks stand before opening quotes,
    which only Python's reader understands; ``skip_lines`` comment lines come before the table.
    """

    delimiter: str | None
    quote: str | None
    n_columns: int
    padded: bool = False
    skip_lines: int = 0
    consistent: float = 1.0

    @property
    def words(self) -> str:
        """The delimiter as a person names it."""
        return _WORDS.get(self.delimiter or "", f"{self.delimiter!r}")


def sniff(sample: str, *, cut: bool = False) -> tuple[Dialect, list[list[str]]]:
    r"""Find the dialect of a text table and split its first rows.

    Parameters
    ----------
    sample
        The first part of the file, line ends already ``\n``.
    cut
        The sample ends before the file does, maybe inside a quoted field.

    Returns
    -------
    dialect
        Delimiter, quoting, number of columns, comment lines before the table.
    rows
        Up to 1,000 records; comment lines and empty lines are left out.

    Examples
    --------
    >>> dialect, rows = sniff("'-1';0.5\n'1';0.7\n")
    >>> dialect.delimiter, dialect.quote, rows
    (';', "'", [['-1', '0.5'], ['1', '0.7']])
    """
    skip, body = _after_comments(sample)
    found: list[tuple[tuple[float, ...], Dialect, list[list[str]]]] = []
    for order, delimiter in enumerate(_DELIMITERS):
        if delimiter not in body and not (delimiter == " " and "\t" in body):
            continue
        dialect, rows = _quoting(body, delimiter, cut=cut)
        if dialect.n_columns < 2 or dialect.consistent < 0.5:
            continue
        numeric = _numeric_share(rows[1:] or rows)
        sure = any(rank[0] >= 0.9 for rank, _, _ in found)
        # Blanks stand between words and after commas too: they separate fields as a last resort.
        if delimiter == " " and sure and not numeric > 0.99 > max(rank[1] for rank, _, _ in found):
            continue
        found.append(((round(dialect.consistent, 1), numeric, -order), dialect, rows))
    if not found:
        dialect, rows = _quoting(body, None, cut=cut)
        return replace(dialect, skip_lines=skip), rows[:_ROWS]
    _, dialect, rows = max(found, key=lambda item: (item[0][0], round(item[0][1], 1), item[0][2]))
    return replace(dialect, skip_lines=skip), rows[:_ROWS]


def split_rows(body: str, dialect: Dialect, *, strict: bool = False) -> list[list[str]]:
    """Split text into records with Python's reader; empty lines are left out."""
    return [row for row in csv_reader(body, dialect, strict=strict) if any(row)]


def csv_reader(body: str, dialect: Dialect, *, strict: bool = False) -> Reader:
    """Python's csv reader for a dialect; blanks around fields of space-separated files go."""
    spaced = dialect.delimiter == " "
    if spaced:
        body = "\n".join(line.rstrip() for line in body.replace("\t", " ").split("\n"))
    return csv.reader(
        io.StringIO(body, newline="\n"),
        delimiter=dialect.delimiter or "\x1f",
        quotechar=dialect.quote or '"',
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        skipinitialspace=spaced or dialect.padded,
        strict=strict,
    )


def has_header(rows: list[list[str]]) -> bool:
    """Say whether the first row names the columns.

    Each column votes. A text above numbers or dates votes for a header, a number above numbers
    against; a text that comes again below, in a column of few values, votes against.

    >>> has_header([["age", "sex"], ["31", "f"], ["44", "m"], ["28", "f"]])
    True
    >>> has_header([["39", "f"], ["31", "f"], ["44", "m"], ["28", "f"]])
    False
    """
    if not rows:
        return False
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    named = [cell for cell in first if cell]
    if not named or any(_is_missing(cell) for cell in named):
        return False
    if not rest:
        return not any(NUMBER.fullmatch(cell) for cell in named)
    if _counts_up(first):
        return True
    votes = sum(
        _vote(cell, [row[at] for row in rest if at < len(row)]) for at, cell in enumerate(first)
    )
    votes -= 2 * (len(named) - len(set(named)))  # names are seldom given twice, values are
    if votes == 0:
        return all(re.fullmatch(r"[^\W\d][\w .\-()/%]{0,40}", cell) for cell in named)
    return votes > 0


def _counts_up(first: list[str]) -> bool:
    """Frames written without column names carry 0, 1, 2, ... and often one named target."""
    digits = [cell for cell in first if cell.isdecimal()]
    words = [cell for cell in first if cell and not NUMBER.fullmatch(cell)]
    ordered = digits in ([str(i) for i in range(start, start + len(digits))] for start in (0, 1))
    return (
        len(digits) >= 2 and ordered and len(digits) + len(words) >= len(first) - 1 > 0 < len(words)
    )


def _vote(cell: str, below: list[str]) -> int:
    values = [value.strip() for value in below if not _is_missing(value.strip())]
    if not cell or not values:
        return 0
    for pattern in (NUMBER, DATE):
        share = sum(pattern.fullmatch(value) is not None for value in values) / len(values)
        if share >= 0.9:
            return -2 if pattern.fullmatch(cell) else 2
    few = len(set(values)) <= max(2, len(values) // 2)
    if few:
        return -2 if cell in values else 1
    return 0 if cell not in values else -2


def _is_missing(value: str) -> bool:
    return value in MISSING


def _after_comments(sample: str) -> tuple[int, str]:
    """Leave out comment lines before the table (`|1x3 Cross validator` of the adult test file)."""
    lines = sample.split("\n", 200)
    skip = 0
    while skip < len(lines) - 1 and (not lines[skip].strip() or _is_comment(lines, skip)):
        skip += 1
    return skip, "\n".join(lines[skip:])


def _is_comment(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line.startswith(_COMMENT):
        return False
    # A header may begin with '#', or a pipe-separated table with an empty field.
    later = next((text for text in lines[at + 1 :] if text.strip()), "")
    return all(line.count(mark) < max(later.count(mark), 1) for mark in "\t;,|" if mark in later)


def _quoting(body: str, delimiter: str | None, *, cut: bool) -> tuple[Dialect, list[list[str]]]:
    """Choose the quote character of one delimiter: quoting must hold in every field that starts so."""
    plain = Dialect(delimiter, None, 1)
    best, best_rows = _measured(plain, body, cut=cut)
    mark = re.escape(delimiter) if delimiter else "\x1f"
    for quote in ('"', "'"):
        blanks = "" if delimiter == " " else " *"
        opening = re.search(rf"(?:^|{mark}){blanks}{quote}", body, re.MULTILINE)
        if opening is None:
            if quote == '"' and delimiter in {",", ";", "|"}:
                best = replace(best, quote='"')  # the usual rule, for fields beyond the sample
            continue
        if quote == "'" and not _on_every_line(body, rf"(?:^|{mark}){blanks}'", cut=cut):
            continue  # an apostrophe, not a quote
        padded = delimiter != " " and re.search(rf"{mark} +{quote}", body) is not None
        candidate = Dialect(delimiter, quote, 1, padded=padded)
        clean = _strict(candidate, body, cut=cut)
        measured, rows = _measured(candidate, body, cut=cut)
        better = measured.consistent > best.consistent + 0.2 and measured.n_columns > 1
        if (clean and measured.consistent >= best.consistent - 0.001) or better:
            return measured, rows
    return best, best_rows


def _on_every_line(body: str, pattern: str, *, cut: bool) -> bool:
    """Every line matches; a header and a line cut short need not."""
    lines = [line for line in body.split("\n") if line.strip()]
    asked = lines[1 : len(lines) - int(cut)] or lines
    return all(re.search(pattern, line) for line in asked)


def _strict(dialect: Dialect, body: str, *, cut: bool) -> bool:
    reader = csv_reader(body, dialect, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error:
        # The sample may end inside a quoted field: an error at its very end proves nothing.
        return cut and reader.line_num >= body.count("\n")
    return True


def _measured(dialect: Dialect, body: str, *, cut: bool) -> tuple[Dialect, list[list[str]]]:
    try:
        rows = split_rows(body, dialect)
    except csv.Error:
        return replace(dialect, consistent=0.0), []
    if cut and len(rows) > 1:
        rows.pop()
    if not rows:
        return replace(dialect, consistent=0.0), []
    n_columns, n_rows = Counter(len(row) for row in rows).most_common(1)[0]
    return replace(dialect, n_columns=n_columns, consistent=n_rows / len(rows)), rows


def _numeric_share(rows: list[list[str]]) -> float:
    cells = [cell.strip() for row in rows[:200] for cell in row]
    return sum(NUMBER.fullmatch(cell) is not None for cell in cells) / max(len(cells), 1)
