"""Whether probabilities mean what they say: predicted against observed shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_binary, as_codes, as_scores, same_length
from evenkeel._checks import check_number
from evenkeel.decide.platt import newton
from evenkeel.errors import InvalidInput
from evenkeel.intervals import wilson
from evenkeel.metrics import brier, log_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_AVERAGED = ("predicted", "observed", "ratio", "o_e", "slope", "intercept")
_LEAST = 1e-15


def diagnose(y: ArrayLike, proba: ArrayLike, *, n_bins: int = 10) -> dict[str, Any]:
    """Level, spread and error of probabilities against what happened.

    ``ratio`` is the mean prediction over the observed share: 1 is right, 2 is twice too high.
    ``o_e``, observed over expected, is its inverse, with the 95 % interval that Wilson's for the
    observed share gives, predictions taken as they are.
    ``slope`` and ``intercept`` are those of ``logit(share) = intercept + slope * logit(p)``: a slope
    below 1 means predictions too extreme.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_rows, n_classes)``: calibrated probabilities.
    n_bins
        Bins of the reliability table, of equal counts as far as ties allow.

    Returns
    -------
    dict
        ``predicted``, ``observed``, ``ratio``, ``o_e``, ``o_e_low``, ``o_e_high``, ``slope``,
        ``intercept``, ``brier``, ``brier_prevalence_only``, ``log_loss``,
        ``log_loss_prevalence_only`` (what a forecast of the observed shares for every row would
        get) and ``reliability``, a list of ``low``, ``high``, ``predicted``, ``observed``,
        ``observed_low``, ``observed_high`` (Wilson, 95 %), ``count``, ``positives``. Two classes:
        of code 1. Several classes: one-against-rest means, the table pooled, and ``per_class``,
        which alone has the interval of ``o_e``. What is undefined is None.

    Raises
    ------
    InvalidInput
        Codes or probabilities out of range, lengths that differ, or no rows.

    References
    ----------
    Cox (1958), "Two further applications of a model for binary regression", Biometrika,
    https://doi.org/10.1093/biomet/45.3-4.562. Observed over expected: Debray et al. (2017), BMJ,
    https://doi.org/10.1136/bmj.i6460

    Examples
    --------
    >>> found = diagnose([0, 0, 0, 1], [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    >>> round(found["predicted"], 3), found["observed"], round(found["ratio"], 2)
    (0.3, 0.25, 1.2)
    """
    p = as_scores(proba, owner="diagnose", name="proba")
    if p.ndim != 2 or p.shape[1] < 2 or not len(p):
        raise InvalidInput(f"proba of diagnose must have shape (n_rows, n_classes). Got {p.shape}.")
    true = as_codes(y, owner="diagnose", n_classes=p.shape[1])
    same_length("diagnose", y=true, proba=p)
    codes = [1] if p.shape[1] == 2 else list(range(p.shape[1]))
    each = [_levels(true == code, p[:, code]) for code in codes]
    found: dict[str, Any] = {key: _mean([row[key] for row in each]) for key in _AVERAGED}
    for end in ("o_e_low", "o_e_high"):
        found[end] = each[0][end] if len(each) == 1 else None
    shares = np.bincount(true, minlength=p.shape[1]) / true.size
    constant = np.broadcast_to(shares, p.shape)
    found["brier"] = brier(true, p)
    found["brier_prevalence_only"] = brier(true, constant)
    found["log_loss"] = log_loss(true, p)
    found["log_loss_prevalence_only"] = log_loss(true, constant)
    hits = (true[:, None] == np.asarray(codes)).ravel()
    found["reliability"] = reliability(hits, p[:, codes].ravel(), n_bins=n_bins)
    if len(codes) > 1:
        found["per_class"] = each
    return found


def reliability(y: ArrayLike, p: ArrayLike, *, n_bins: int = 10) -> list[dict[str, float | int]]:
    """Predicted and observed shares in bins of equal counts; equal scores share a bin.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: probabilities.
    n_bins
        At most this many bins, at least 1.

    Raises
    ------
    InvalidInput, InvalidType
        Labels other than 0 and 1, probabilities out of range, or lengths that differ.

    Examples
    --------
    >>> [bin["count"] for bin in reliability([0, 0, 1, 1], [0.1, 0.1, 0.1, 0.9], n_bins=2)]
    [3, 1]
    """
    check_number(n_bins, "n_bins", "reliability", low=1, whole=True)
    score = as_scores(p, owner="reliability")
    if score.ndim != 1:
        raise InvalidInput(f"p of reliability must have shape (n_rows,). Got {score.shape}.")
    hit = as_binary(y, owner="reliability").astype(np.float64)
    same_length("reliability", y=hit, p=score)
    order = np.argsort(score, kind="stable")
    score, hit = score[order], hit[order]
    ranks = np.arange(1, int(n_bins)) * score.size // int(n_bins)
    # A cut inside a run of equal scores moves to the end of the run.
    cuts = np.searchsorted(score, score[ranks[ranks > 0] - 1], side="right")
    ends = np.unique(np.append(cuts, score.size))
    table: list[dict[str, float | int]] = []
    for start, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        if end == start:
            continue
        part, hits = score[start:end], hit[start:end]
        low, high = wilson(float(hits.sum()), float(end - start))
        table.append(
            {
                "low": float(part[0]),
                "high": float(part[-1]),
                "predicted": float(part.mean()),
                "observed": float(hits.mean()),
                "observed_low": low,
                "observed_high": high,
                "count": int(end - start),
                "positives": int(hits.sum()),
            }
        )
    return table


def _levels(hit: NDArray[np.bool_], p: Floats) -> dict[str, float | None]:
    predicted, observed = float(p.mean()), float(hit.mean())
    slope, intercept = _recalibration(hit, p)
    low, high = wilson(float(hit.sum()), float(hit.size))
    return {
        "predicted": predicted,
        "observed": observed,
        "ratio": predicted / observed if observed > 0.0 else None,
        "o_e": observed / predicted if predicted > 0.0 else None,
        "o_e_low": low / predicted if predicted > 0.0 else None,
        "o_e_high": high / predicted if predicted > 0.0 else None,
        "slope": slope,
        "intercept": intercept,
    }


def _recalibration(hit: NDArray[np.bool_], p: Floats) -> tuple[float | None, float | None]:
    logit = np.log(np.maximum(p, _LEAST)) - np.log(np.maximum(1.0 - p, _LEAST))
    lowest_hit, highest_miss = logit[hit], logit[~hit]
    if not lowest_hit.size or not highest_miss.size or lowest_hit.min() >= highest_miss.max():
        return None, None  # nothing to fit, or classes apart: the slope would be infinite
    if logit.min() == logit.max() or lowest_hit.max() <= highest_miss.min():
        return None, None
    found = newton(
        logit[:, None], hit.astype(np.float64)[:, None], np.ones(p.size), start=np.array([1.0, 0.0])
    )
    return float(found[0]), float(found[1])


def _mean(values: list[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if present else None
