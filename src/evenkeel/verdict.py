"""Is a classifier worth anything to the classes that matter? A verdict in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.confusion import from_confusion
from evenkeel.distribution import encode
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVELS = ("useless", "unacceptable", "weak", "acceptable")
LEAST_RECALL = 0.5  # below it, more rows of a class are missed than caught
FAIR_RECALL = 0.7
FAIR_MCC = 0.3  # below it, decisions and truth are only loosely related


@dataclass(frozen=True)
class Assessment:
    """What decisions are worth, from their confusion matrix.

    The level is

    - ``"useless"``: balanced accuracy at or below ``1 / K``, what deciding without looking gets;
    - ``"unacceptable"``: recall below 0.5 for the class that matters;
    - ``"weak"``: recall below 0.7 for that class, or a Matthews correlation below 0.3;
    - ``"acceptable"``: none of these. It says nothing about cost: set a policy for that.

    The class that matters is the positive class, or of several classes the one with the lowest
    recall.

    Parameters
    ----------
    level
        One of :data:`LEVELS`.
    sentences
        What was found and what to do, in order.
    numbers
        ``accuracy``, ``balanced_accuracy``, ``mcc``, and of the class that matters ``recall``,
        ``precision`` (None when it was never decided), ``caught``, ``support``, ``decided``.
    worst
        Label of the class that matters.
    """

    level: str
    sentences: tuple[str, ...]
    numbers: dict[str, float | int | None]
    worst: Any

    @classmethod
    def of_confusion(
        cls, matrix: Any, labels: Sequence[Any], *, positive: Any = None
    ) -> Assessment:
        """The verdict on a confusion matrix.

        Parameters
        ----------
        matrix
            Counts ``(n_classes, n_classes)``: rows are the truth, columns the decisions.
        labels
            Names of the classes, ``(n_classes,)``.
        positive
            Label of the class that matters. Default: the rarer one of two classes, or the class
            with the lowest recall of several.

        Raises
        ------
        InvalidInput
            A matrix of another shape, with negative counts, or with fewer than two classes in
            the truth; an unknown ``positive``.

        Examples
        --------
        >>> found = Assessment.of_confusion([[990, 0], [10, 0]], ["no", "yes"])
        >>> found.level
        'useless'
        >>> found.sentences[0]
        "Accuracy is 99.0 %, yet 0 of 10 rows of 'yes' were caught; balanced accuracy is 0.50."
        """
        names = list(labels)
        counts = _checked(matrix, names)
        k = _which(counts, names, positive)
        numbers = _numbers(counts, k)
        level = _level(numbers, int(np.count_nonzero(counts.sum(axis=1))))
        sentences = (_headline(level, numbers, names[k]), *_todo(level, numbers, names[k]))
        return cls(level, sentences, numbers, names[k])


def assess(y_true: Any, y_pred: Any, *, positive: Any = None) -> Assessment:
    """Judge decisions by what they do for the rare class instead of by accuracy.

    Parameters
    ----------
    y_true, y_pred
        Labels ``(n_rows,)``: the truth and the decisions.
    positive
        Label of the class that matters. Default: the rarer one of two classes, or the class with
        the lowest recall of several.

    Returns
    -------
    Assessment

    Raises
    ------
    InvalidInput
        Different lengths, one class only, missing labels, no label in common, or an unknown
        ``positive``.

    Examples
    --------
    >>> assess([0] * 990 + [1] * 10, [0] * 1000).level
    'useless'
    """
    true_classes, truth = encode(y_true)
    said_classes, said = encode(y_pred)
    if truth.size != said.size:
        raise InvalidInput(
            f"y_pred of assess must be as long as y_true, {truth.size:,}. Got {said.size:,}."
        )
    if not set(true_classes) & set(said_classes):
        raise InvalidInput(
            f"y_pred of assess must hold labels of y_true. Got {listed(map(repr, said_classes))}, "
            f"where y_true holds {listed(map(repr, true_classes))}: write both alike."
        )
    # decisions may leave classes out, or name one that the truth lacks
    classes, joint = encode(
        np.array([*true_classes, *(c for c in said_classes if c not in true_classes)], dtype=object)
    )
    place = {classes[code]: int(code) for code in joint}
    rows = np.array([place[label] for label in true_classes])[truth]
    columns = np.array([place[label] for label in said_classes])[said]
    size = len(classes)
    matrix = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    return Assessment.of_confusion(matrix, classes, positive=positive)


def _checked(matrix: Any, names: list[Any]) -> NDArray[np.int64]:
    counts = np.asarray(matrix, dtype=np.int64)
    if counts.shape != (len(names), len(names)) or bool((counts < 0).any()):
        raise InvalidInput(
            f"matrix of Assessment must hold counts of shape {(len(names), len(names))}, one row and "
            f"one column for each label. Got shape {counts.shape}."
        )
    if np.count_nonzero(counts.sum(axis=1)) < 2:
        raise InvalidInput(
            "y_true must hold at least two classes. With one, there is nothing to tell apart."
        )
    return counts


def _which(counts: NDArray[np.int64], names: list[Any], positive: Any) -> int:
    support = counts.sum(axis=1)
    if positive is not None:
        if positive not in names or support[names.index(positive)] == 0:
            raise InvalidInput(
                f"positive of assess must be a class of y_true. Got {positive!r}. "
                f"Its classes: {', '.join(repr(n) for n, s in zip(names, support, strict=True) if s)}."
            )
        return names.index(positive)
    present = np.flatnonzero(support)
    if present.size == 2:
        return int(present[np.argmin(support[present])])
    return int(present[np.argmin(np.diag(counts)[present] / support[present])])


def _numbers(counts: NDArray[np.int64], k: int) -> dict[str, float | int | None]:
    support, decided, caught = counts.sum(axis=1), counts.sum(axis=0), np.diag(counts)
    return {
        "accuracy": float(from_confusion("accuracy", counts)),
        "balanced_accuracy": float(from_confusion("balanced-accuracy", counts)),
        "mcc": float(from_confusion("mcc", counts)),
        "recall": float(caught[k] / support[k]),
        "precision": float(caught[k] / decided[k]) if decided[k] else None,
        "caught": int(caught[k]),
        "support": int(support[k]),
        "decided": int(decided[k]),
    }


def _level(numbers: dict[str, Any], n_classes: int) -> str:
    if numbers["balanced_accuracy"] <= 1 / n_classes + 1e-12:
        return "useless"
    if numbers["recall"] < LEAST_RECALL:
        return "unacceptable"
    if numbers["recall"] < FAIR_RECALL or numbers["mcc"] < FAIR_MCC:
        return "weak"
    return "acceptable"


def _headline(level: str, numbers: dict[str, Any], label: Any) -> str:
    link = "and" if level == "acceptable" else "yet"
    return (
        f"Accuracy is {100 * numbers['accuracy']:.1f} %, {link} {numbers['caught']:,} of "
        f"{numbers['support']:,} rows of {label!r} were caught; balanced accuracy is "
        f"{numbers['balanced_accuracy']:.2f}."
    )


def _todo(level: str, numbers: dict[str, Any], label: Any) -> tuple[str, ...]:
    todo = (
        f"Lower the threshold for {label!r}, chosen on out-of-fold scores, and try class weights."
    )
    recall = f"recall on {label!r} is {numbers['recall']:.2f}"
    if level == "useless":
        found = "This is useless: deciding without looking at the data does as well."
    elif level == "unacceptable":
        found = f"This is unacceptable: {recall}, so more are missed than caught, and accuracy hides it."
    elif level == "weak" and numbers["recall"] < FAIR_RECALL:
        found = f"This is weak: {recall}."
    elif level == "weak":
        found = (
            f"This is weak: {numbers['caught']:,} of {numbers['decided']:,} decisions for {label!r} "
            "are right, and decisions and truth are only loosely related (Matthews correlation "
            f"{numbers['mcc']:.2f})."
        )
        todo = (
            f"Raise the threshold for {label!r} if false alarms are dear, or find better features."
        )
    else:
        found = "This is acceptable."
        todo = "Whether it pays depends on what each kind of error costs: set a policy."
    return found, todo
