"""Every row judged by choices made without it: what a small table has in place of a test part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import settle
from evenkeel.race.comparison import compare_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evenkeel.decide import Policy, Settled
    from evenkeel.race.comparison import Comparison
    from evenkeel.race.judge import Judge
    from evenkeel.scores import Scores

    Choose = Callable[[list[Scores], NDArray[np.bool_]], tuple[int, Settled]]


@dataclass(frozen=True)
class CrossChosen:
    """Probabilities and decisions of every row, and which remedy judged each fold.

    Parameters
    ----------
    proba
        ``(n_rows, n_classes)``: calibrated probabilities.
    labels
        ``(n_rows,)``: decided class codes.
    chosen
        ``(n_folds,)``: number of the remedy that was chosen without the fold.
    """

    proba: NDArray[np.float64]
    labels: NDArray[np.int64]
    chosen: tuple[int, ...]


def cross_chosen(
    scores: Sequence[Scores],
    choose: Choose,
    *,
    columns: dict[str, NDArray[np.float64]] | None = None,
) -> CrossChosen:
    """Judge each fold by the remedy, calibrator and decision chosen on the rows of all others.

    For each fold g of the first repeat: ``choose`` sees the out-of-fold scores of all remedies on
    the rows outside g, in every repeat; what it chose is applied to the scores of g, which come
    from models that did not see g. So no label of g has a part in the figures of g but as the
    truth they are held against, and choosing the best of many remedies flatters none of them.
    What is left is what cross-validation itself has: the models behind the scores outside g were
    fitted on rows of g among others. The figures are those of the procedure, on four fifths of
    the rows with five folds; the model that is shipped is made by it from all rows.

    Parameters
    ----------
    scores
        Out-of-fold scores of each remedy, dealt into the same folds.
    choose
        From each remedy's scores on some rows, and those rows as a mask ``(n_rows,)``: the number
        of the remedy chosen, and what was settled on its scores there.
    columns
        The columns that decisions read, each ``(n_rows,)``.

    References
    ----------
    Varma & Simon 2006, BMC Bioinformatics 7:91, doi:10.1186/1471-2105-7-91: why the figure of the
    chosen one is too good, and nesting as the cure. Tsamardinos et al. 2018, Machine Learning 107,
    doi:10.1007/s10994-018-5714-4: choosing anew on out-of-fold scores in place of fitting anew.
    """
    first = scores[0]
    fold = first.fold[0]
    proba = np.empty(first.raw.shape[1:])
    labels = np.empty(len(first.y), np.int64)
    chosen = []
    for number in np.unique(fold):
        inside = fold == number
        which, settled = choose([_cut(one, ~inside) for one in scores], ~inside)
        found = settled.calibrator.apply(scores[which].raw[0, inside])
        mine = None if columns is None else {name: col[inside] for name, col in columns.items()}
        proba[inside], labels[inside] = found, settled.decision.apply(found, columns=mine)
        chosen.append(which)
    return CrossChosen(proba, labels, tuple(chosen))


def judge_nested(comparison: Comparison, judge: Judge, *, weak: bool) -> CrossChosen:
    """Every row of a comparison judged by what the same comparison chooses without its fold.

    Parameters
    ----------
    comparison
        Entries with their scores; those without are passed over.
    judge
        What the entries were judged by.
    weak
        Too few positives to call any remedy the best: the baseline is kept, unseen.
    """
    entries = [entry for entry in comparison.entries if entry.scores is not None]
    if weak:
        entries = [comparison.baseline]
    policy = _by_share(judge.policy, judge.share)

    def choose(parts: list[Scores], rows: NDArray[np.bool_]) -> tuple[int, Settled]:
        costs = None if judge.costs is None else judge.costs[rows]
        groups = None if judge.groups is None else judge.groups[rows]
        columns = judge.columns
        if columns is not None:
            columns = {name: np.asarray(values)[rows] for name, values in columns.items()}
        beside = replace(
            judge, policy=policy, costs=costs, columns=columns, beside=(), groups=groups
        )
        if len(parts) == 1:
            share, seed = beside.share, beside.seed
            return 0, settle(parts[0], policy, columns=columns, share=share, seed=seed)
        cut: list[Any] = [
            replace(entry, scores=part, settled=None, figures={}, repeats=[], draws={})
            for entry, part in zip(entries, parts, strict=True)
        ]
        found = compare_entries(cut, beside, classes=comparison.classes, weak=weak).chosen
        assert found.settled is not None
        return next(at for at, entry in enumerate(cut) if entry is found), found.settled

    scores = [entry.scores for entry in entries if entry.scores is not None]
    return cross_chosen(scores, choose, columns=judge.columns)


def _by_share(policy: Policy, share: float | None) -> Policy:
    """So many rows of any table: of a part of it, its share."""
    if policy.alerts is None or policy.alerts.per != "table":
        return policy
    return replace(policy, limit=f"{100.0 * (share or 0.0):.17g}%")


def _cut(scores: Scores, rows: NDArray[np.bool_]) -> Scores:
    """The scores of some rows."""
    return replace(
        scores,
        y=scores.y[rows],
        raw=scores.raw[:, rows],
        fold=scores.fold[:, rows],
        rows=None if scores.rows is None else scores.rows[rows],
    )
