"""The shares of the classes that a training really sees, and what to make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 0.05  # on the scale where 0 is natural and 1 balanced: less is rounding
LEVEL = 0.2  # between the largest and the smallest log share: 55 % to 45 % is balance
ROUNDING = 0.01  # of log shares
TUNED = 0.5  # a tau of up to 1.5 is a setting that one searches, not a second correction


@dataclass(frozen=True)
class PriorReport:
    """Shares of the classes from the data to the loss, ``(n_classes,)`` each.

    ``reaches_c`` is proportional to ``drawn_c exp(log_weights_c)``: training with these draws and this
    loss has the optimum of plain training on data with the shares ``reaches``.

    Parameters
    ----------
    classes
        Labels of the classes.
    natural
        Shares in the data.
    drawn
        Shares among the rows that reach the loss.
    log_weights
        What the loss corrects by.
    sampler, loss
        Their names.
    parts
        What ``log_weights`` are the sum of, by where it comes from: ``"counts"``, ``"weight"``,
        ``"tau"``; see ``prior_parts`` of the losses. Empty: not known.
    """

    classes: tuple[Any, ...]
    natural: Floats
    drawn: Floats
    log_weights: Floats
    sampler: str
    loss: str
    parts: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def reaches(self) -> Floats:
        """The prior that reaches the loss."""
        with np.errstate(divide="ignore"):
            logs = np.log(self.drawn) + self.log_weights
        raw = np.exp(logs - logs.max())
        return np.asarray(raw / raw.sum())

    @property
    def strengths(self) -> tuple[float, float]:
        """How far sampler and loss each take the shares towards balance: 0 not at all, 1 all the way."""
        return self._strength(self.drawn), self._strength(self._by_loss(self.log_weights))

    @property
    def strength(self) -> float:
        """The same of both together: 1 is balance, 2 the natural shares upside down."""
        return self._strength(self.reaches)

    @property
    def twice(self) -> bool:
        """Whether two correct, and together they go beyond balance: sampler and loss, or two in the loss."""
        return self._sampler_and_loss or self._two_inside

    @property
    def fault(self) -> str:
        """What is wrong, with the numbers and what to change; empty where nothing is."""
        if np.count_nonzero(self.drawn) > 1 and np.count_nonzero(self.reaches) < 2:
            return (
                f"{self.loss} leaves one class alone: {self._shift}. The others weigh 0, so there is "
                "nothing to learn. Give each class a weight above 0."
            )
        if _spread(self.natural) <= LEVEL < _spread(self.reaches) - _spread(self.drawn):
            return (
                f"The rows are balanced as they are, and {self.loss} moves them: {self._shift}. Its "
                "weights are of other counts than these rows (were they resampled before?). Take a "
                "loss without weights and without logit adjustment, or the rows as they were."
            )
        if self._sampler_and_loss:
            return (
                f"{self.sampler} and {self.loss} both correct the imbalance: {self._shift}. Keep one "
                f"of them: {self.loss} with rows at their natural shares (plain shuffling, power=0), "
                f"or {self.sampler} with a loss without weights and without logit adjustment."
            )
        if self._two_inside:
            return (
                f"{self.loss} corrects the imbalance twice, by logit adjustment and by weights: "
                f"{self._shift}. Keep one of them: leave weight out, or take tau=0."
            )
        if self._too_far:
            unit = ", and tau=1" if "tau" in self._too_far else ""
            return (
                f"{self.loss} goes beyond balance by itself: {self._shift}. Give it the counts of the "
                f"rows that it sees{unit}."
            )
        return ""

    def __str__(self) -> str:
        rows = [("class", "data", "drawn", "weight", "reaches the loss")]
        weights = np.exp(self.log_weights - self.log_weights[int(np.argmax(self.natural))])
        columns = (self.classes, self.natural, self.drawn, weights, self.reaches)
        for label, natural, drawn, weight, reaches in zip(*columns, strict=True):
            rows.append(
                (
                    str(label),
                    _percent(natural),
                    _percent(drawn),
                    f"x{weight:.3g}",
                    _percent(reaches),
                )
            )
        wide = [max(len(row[at]) for row in rows) for at in range(5)]
        table = [
            "  ".join(cell.rjust(wide[at]) for at, cell in enumerate(row)).rstrip() for row in rows
        ]
        return "\n".join([*table, self.verdict])

    @property
    def verdict(self) -> str:
        """What it means, and what to change."""
        if self.fault:
            return self.fault
        if not self._moved(self.reaches):
            return f"Nothing is corrected: {self._shift}."
        own = self._by_loss(self.log_weights)
        names = {self.sampler: self._moved(self.drawn), self.loss: self._moved(own)}
        who = [name for name, moved in names.items() if moved] or list(names)
        word = "Corrected" if self.strength > ENOUGH else "Moved"
        lost = [
            repr(label)
            for label, drawn, reaches in zip(self.classes, self.drawn, self.reaches, strict=True)
            if drawn > 0 and not reaches > 0
        ]
        rest = f" Without weight: class {', '.join(lost)}." if lost else ""
        return f"{word} by {' and '.join(who)}: {self._shift}.{rest}"

    @property
    def _shift(self) -> str:
        rare = int(np.argmin(np.where(self.natural > 0, self.natural, np.inf)))
        return (
            f"class {self.classes[rare]!r}, {_percent(self.natural[rare])} of the data, reaches the "
            f"loss as {_percent(self.reaches[rare])}"
        )

    @property
    def _sampler_and_loss(self) -> bool:
        sampler, loss = self.strengths
        return sampler > ENOUGH and loss > ENOUGH and self.strength > 1.0 + ENOUGH

    @property
    def _two_inside(self) -> bool:
        strengths = [self._strength(self._by_loss(part)) for part in self.parts.values()]
        both = sum(strength > ENOUGH for strength in strengths) > 1
        return both and self.strengths[1] > 1.0 + ENOUGH

    @property
    def _too_far(self) -> list[str]:
        """Parts that are to balance these rows and go beyond; given weights may stand for costs."""
        if self.strength <= 1.0 + ENOUGH or _spread(self.reaches) <= 2 * LEVEL:
            return []  # counts of all rows, where a part was held out, are not far off
        most = {"counts": 1.0 + ENOUGH, "tau": 1.0 + TUNED + ENOUGH}
        return [
            name
            for name, part in self.parts.items()
            if self._strength(self._by_loss(part)) > most.get(name, np.inf)
        ]

    def _by_loss(self, log_weights: Floats) -> Floats:
        """The natural shares as the loss alone would move them, up to a factor."""
        return np.asarray(self.natural * np.exp(log_weights))

    def _moved(self, shares: Floats) -> bool:
        """Whether shares are others than the natural ones."""
        used = (self.natural > 0) & (self.drawn > 0)
        if bool((shares[used] <= 0).any()):
            return True
        by = _spread(shares[used] / self.natural[used])
        return by > LEVEL or (by > ROUNDING and abs(self._strength(shares)) > ENOUGH)

    def _strength(self, shares: Floats) -> float:
        """One minus the slope of the log shares over the natural ones: 0 as they were, 1 level."""
        used = (self.natural > 0) & (shares > 0)
        if np.count_nonzero(used) < 2:
            return 0.0
        x = np.log(self.natural[used])
        x -= x.mean()
        spread = float(x @ x)
        if spread < 1e-6:  # the data are balanced already
            return 0.0
        return 1.0 - float(x @ np.log(shares[used])) / spread


def _spread(shares: Floats) -> float:
    """Between the largest and the smallest logarithm of those above 0."""
    used = shares[shares > 0]
    return float(np.log(used.max() / used.min())) if used.size else 0.0


def _percent(share: float) -> str:
    return f"{100 * float(share):.3g} %"
