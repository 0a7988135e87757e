"""Facts as words: one way to write a number, a share, an interval or a label, on screen, page and card."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, TypeGuard

from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = "–"
MINUS = "−"
_UNSEEN = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a fact is a finite number; null, NaN, words and truth values are not.

    >>> [is_number(value) for value in (1, 0.5, None, True, "1", float("nan"))]
    [True, True, False, False, False, False]
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any, *, like: Any = None) -> str:
    """A number with the digits that carry meaning; nothing is rounded up to a perfect 1 or down to 0.

    ``like`` lends its decimals: a difference is written as finely as the figure it belongs to.

    >>> [number(value) for value in (0.74049, 0.99991, 0.000123, 71.0, 1048575, 0, -0.5, None)]
    ['0.740', '0.9999', '0.00012', '71.0', '1,048,575', '0', '−0.500', '–']
    >>> number(4.1, like=71.2), number(0.0123, like=71.2)
    ('4.1', '0.012')
    """
    if not is_number(value):
        return ABSENT
    if value < 0:
        return MINUS + number(-value, like=like)
    if isinstance(value, int) or value == 0:
        return f"{int(value):,}"
    digits = _decimals(like if is_number(like) else value)
    if digits is None or round(value, digits) == 0:
        digits = _decimals(value)
    if digits is None:
        return f"{value:.2g}"
    while value < 1 and round(value, digits) >= 1 and digits < 9:
        digits += 1
    return f"{value:,.{digits}f}"


def threshold(value: Any) -> str:
    """A threshold with three significant digits.

    >>> threshold(0.031246), threshold(0.5), threshold(None)
    ('0.0312', '0.5', '–')
    """
    return f"{value:.3g}" if is_number(value) else ABSENT


def signed(value: Any, *, like: Any = None) -> str:
    """A difference, always with its sign.

    >>> signed(0.0125), signed(-2.54, like=71.2), signed(0.0)
    ('+0.013', '−2.5', '0')
    """
    return ("+" if is_number(value) and value > 0 else "") + number(value, like=like)


def share(value: Any) -> str:
    """A share as per cent with three digits; 100 % and 0 % are only written when they are exact.

    >>> [share(value) for value in (0.151, 0.00173, 0.99996, 1, 0, None)]
    ['15.1 %', '0.173 %', '99.996 %', '100 %', '0 %', '–']
    """
    if not is_number(value):
        return ABSENT
    percent = 100.0 * value
    if percent in (0.0, 100.0):
        return f"{percent:.0f} %"
    if 99.5 <= percent < 100:
        digits = next((d for d in range(1, 9) if round(percent, d) < 100), 9)
        return f"{percent:.{digits}f} %"
    return f"{percent:#.3g} %" if percent < 100 else f"{percent:,.0f} %"


def metric(key: str) -> str:
    """The name of a metric in a sentence, from its key in the facts.

    >>> metric("average_precision"), metric("roc_auc"), metric("cost")
    ('average precision', 'ROC-AUC', 'cost per 1,000 rows')
    """
    from evenkeel.metrics import METRICS

    known = METRICS.get(key.replace("_", "-"))
    return known.title if known else key.replace("_", " ")


def count(value: Any) -> str:
    """A whole number with thousands marked.

    >>> count(1048575), count(None)
    ('1,048,575', '–')
    """
    return f"{value:,.0f}" if is_number(value) else ABSENT


def signed_count(value: Any) -> str:
    """A difference of counts, always with its sign.

    >>> signed_count(1200), signed_count(-3), signed_count(0)
    ('+1,200', '−3', '0')
    """
    return ("+" if is_number(value) and value > 0 else "") + count(value).replace("-", "−")


def gist(reason: Any, *, most: int = 64) -> str:
    """The part of a reason that says what was found, short enough to stand among others.

    >>> gist("X of SMOTE must hold finite numbers. Got 1 column with NaN: income. Impute it first.")
    'Got 1 column with NaN: income'
    """
    sentences = str(reason).split(". ")
    found = [sentence for sentence in sentences if sentence.startswith("Got ")]
    return tidy((found or sentences)[0].rstrip("."), most=most)


def ratio(value: Any) -> str:
    """An imbalance ratio.

    >>> ratio(90.0), ratio(1.52)
    ('90:1', '1.52:1')
    """
    return f"{value:,.3g}:1" if is_number(value) and value < 1000 else f"{count(value)}:1"


def interval(low: Any, high: Any, *, form: Callable[[Any], str] = number) -> str:
    """An interval in brackets, or nothing where either end is absent.

    >>> interval(0.701, 0.78), interval(None, 0.78)
    ('[0.701, 0.780]', '')
    """
    return f"[{form(low)}, {form(high)}]" if is_number(low) and is_number(high) else ""


def spread(record: Any, key: str, *, form: Callable[[Any], str] = number) -> str:
    """The interval of one figure of a record, from ``KEY_low`` and ``KEY_high``.

    >>> spread({"recall_low": 0.75, "recall_high": 0.856}, "recall", form=share)
    '[75.0 %, 85.6 %]'
    """
    get = record.get if isinstance(record, dict) else {}.get
    return interval(get(f"{key}_low"), get(f"{key}_high"), form=form)


def out_of(pair: Any) -> str:
    """A rate's counts.

    >>> out_of([173, 214])
    '173/214'
    """
    if isinstance(pair, list | tuple) and len(pair) == 2 and all(is_number(part) for part in pair):
        return f"{count(pair[0])}/{count(pair[1])}"
    return ""


def rate(record: Any, key: str) -> str:
    """A rate of a record with its counts and its interval; undefined where there is nothing to count.

    >>> rate({"recall": 0.8, "recall_count": [4, 5], "recall_low": 0.38, "recall_high": 0.96}, "recall")
    'recall 4/5 = 80.0 % [38.0 %, 96.0 %]'
    >>> rate({"precision": 0.0, "precision_count": [0, 0]}, "precision")
    'precision undefined (0/0)'
    """
    pair = record.get(f"{key}_count")
    counts = out_of(pair)
    if counts and not pair[1]:
        return f"{key} undefined ({counts})"
    return f"{key} {counts} = {share(record.get(key))} {spread(record, key, form=share)}".strip()


def precision(record: Any) -> str:
    """Precision as a share; where no row was flagged there is none, and 0 % would be wrong.

    >>> precision({"precision": 0.0, "recall": 0.0, "specificity": 1.0}), precision({"precision": 0.5})
    ('none flagged', '50.0 %')
    """
    get = record.get if isinstance(record, dict) else {}.get
    pair, idle = get("precision_count"), get("recall") == 0 and get("specificity") == 1
    if idle or get("alerts_per_1000") == 0 or (pair and not pair[1]):
        return "none flagged"
    return share(get("precision"))


def tidy(value: Any, most: int = 800) -> str:
    r"""Text that cannot steer a terminal or reverse a line: controls become blanks, long text is cut.

    >>> tidy("a\x1b[31mred\nb"), tidy("abcdef", most=4)
    ('a [31mred b', 'abc…')
    """
    text = str(value)
    seen = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(
        " " if unicodedata.category(mark) in ("Cc", "Cs") or mark in _UNSEEN else mark
        for mark in seen
    )


def label(value: Any, most: int = 48) -> str:
    """A class, column or remedy name of a readable length.

    >>> label(1), label(""), label(None), label("password guessing", 10)
    ('1', "''", '–', 'password …')
    """
    if value is None:
        return ABSENT
    return tidy(value, most).strip() or repr(tidy(value, most))


def remedy(name: Any, learner: Any = None, most: int = 48) -> str:
    """A remedy and its learner in so many letters; the remedy is cut first: learners tell rows apart.

    >>> remedy("class-weight"), remedy("random-under(ratio=0.1)", "logistic", 24)
    ('class-weight', 'random-under… · logistic')
    """
    if not learner:
        return label(name, most)
    end = f" · {label(learner, 24)}"
    room = most - len(end)
    return label(name, room) + end if room >= 4 else label(f"{name}{end}", most)


def sentence(text: Any) -> str:
    """Words as a sentence: a capital first, a stop last; nothing where there are none.

    >>> sentence("scenario fraud: recall"), sentence(None)
    ('Scenario fraud: recall.', '')
    """
    words = str(text or "").strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words[-1] in ".!?" else ".")


def distinct(values: list[Any]) -> list[str]:
    """Labels of a chart's axis; names that look alike once cut are numbered.

    >>> distinct(["x" * 60, "x" * 70, "y"])[1][-5:]
    '… (2)'
    """
    seen: dict[str, int] = {}
    names = []
    for name in map(label, values):
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def named(record: Any, name: Any) -> Any:
    """The entry of a record for a class; JSON has turned its keys into text.

    >>> named({"1": "rare"}, 1)
    'rare'
    """
    return record.get(str(name)) if isinstance(record, dict) else None


def _decimals(value: float) -> int | None:
    size = abs(value)
    if size < 0.01:
        return None
    return 3 if size < 10 else 1 if size < 1000 else 0


def alerts(found: dict[str, Any] | None) -> str:
    """Alerts a day, and on how many days they were more than the capacity.

    >>> alerts({"per": "day", "mean": 1.9, "periods": 29, "low": 0, "high": 5, "most": 6, "over": 1})
    '1.900 alerts a day over 29 days (from 0 to 5, most 6); over the capacity on 1 day'
    """
    if not found:
        return ""
    per = found["per"]
    told = (
        f"{number(found['mean'])} alerts {'an' if per == 'hour' else 'a'} {per} over {found['periods']:,} {per}s "
        f"(from {found['low']:,} to {found['high']:,}, most {found['most']:,})"
    )
    return (
        told
        if found["over"] is None
        else f"{told}; over the capacity on {plural(found['over'], per)}"
    )
