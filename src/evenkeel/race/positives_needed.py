"""How much more rows of the rare class would show: widths of intervals with 2, 5 and 10 times as many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.evidence import FEWEST
from evenkeel.race.stats import Z_95

if TYPE_CHECKING:
    from evenkeel.race.choice import Field

TIMES = (1, 2, 5, 10)
APART = 0.1  # the difference to tell, as a share of the baseline's figure
Z_POWER = 0.8416212335729143  # found in four tries of five


@dataclass(frozen=True)
class Needed:
    """What the interval's width would be with more rows of the rare class, all else alike.

    Attributes
    ----------
    objective
        Key of the metric.
    positives
        ``(n_times,)``: rows of the rare class.
    width
        ``(n_times,)``: of the interval of the chosen entry's figure.
    difference_width
        ``(n_times,)``: of the interval of a paired difference to the baseline; None alone.
    to_tell_apart
        Rows of the rare class that would show a difference of a tenth; None where it cannot be told,
        as with fewer than ten.
    """

    objective: str
    positives: tuple[int, ...]
    width: tuple[float, ...]
    difference_width: tuple[float, ...] | None
    to_tell_apart: int | None


def needed(field: Field, objective: str, *, n_rare: int) -> Needed:
    """Widths with more rows, from what each row or group pulls: ``w(k n) = w(n) / sqrt(k)``.

    A difference of a tenth of the baseline's figure shows in four tries of five with ``n_rare ((1.96
    + 0.84) s / (0.1 |baseline|))^2`` rows, s the largest standard error of the paired differences:
    rivals that are nearly the baseline have hardly any, and say nothing of one that is a tenth apart.
    Better models that more rows would make are left out of account; rows in groups become more by
    more groups of such sizes.

    Parameters
    ----------
    field
        Entries measured by the objective, the baseline first.
    objective
        Key of the metric.
    n_rare
        Rows of the rarest class that counts.

    References
    ----------
    Cohen (1988), "Statistical power analysis for the behavioral sciences", chapter 2
    """
    at = field.rule.pick(field.gains(field.values))
    pull = field.pulls[at]
    width = 2 * Z_95 * float(np.sqrt(pull @ pull)) / pull.size
    if field.own is not None:
        width = 2 * Z_95 * float(field.own[at])
    errors = field.rule.errors[1:]
    errors = errors[errors > 0]
    apart, tell = None, None
    if errors.size:
        error, tenth = float(errors.max()), APART * abs(float(field.values[0]))
        apart = tuple(2 * Z_95 * error / math.sqrt(times) for times in TIMES)
        if tenth and n_rare >= FEWEST:  # the standard errors of fewer are anybody's guess
            tell = math.ceil(n_rare * ((Z_95 + Z_POWER) * error / tenth) ** 2)
    return Needed(
        objective,
        tuple(times * n_rare for times in TIMES),
        tuple(width / math.sqrt(times) for times in TIMES),
        apart,
        tell,
    )
