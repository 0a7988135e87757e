"""The shares of the classes that a training really sees, and what to make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 0.05  # on the scale where 0 is natural and 1 balanced: less is rounding


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
    """

    classes: tuple[Any, ...]
    natural: Floats
    drawn: Floats
    log_weights: Floats
    sampler: str
    loss: str

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
        return self._strength(self.drawn), self._strength(self.natural * np.exp(self.log_weights))

    @property
    def strength(self) -> float:
        """The same of both together: 1 is balance, 2 the natural shares upside down."""
        return self._strength(self.reaches)

    @property
    def twice(self) -> bool:
        """Whether both correct, and together they go beyond balance."""
        sampler, loss = self.strengths
        both = sampler > ENOUGH and loss > ENOUGH
        return both and self.strength > 1.0 + ENOUGH

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
        rare = int(np.argmin(np.where(self.natural > 0, self.natural, np.inf)))
        shift = (
            f"class {self.classes[rare]!r}, {_percent(self.natural[rare])} of the data, reaches the "
            f"loss as {_percent(self.reaches[rare])}"
        )
        if self.twice:
            return (
                f"{self.sampler} and {self.loss} both correct the imbalance: {shift}. Keep one of "
                f"them: {self.loss} with rows at their natural shares (plain shuffling, power=0), or "
                f"{self.sampler} with a loss without weights and without logit adjustment."
            )
        sampler, loss = self.strengths
        if abs(sampler) <= ENOUGH and abs(loss) <= ENOUGH:
            return f"Nothing is corrected: {shift}."
        who = [
            name
            for name, strength in ((self.sampler, sampler), (self.loss, loss))
            if abs(strength) > ENOUGH
        ]
        return f"Corrected by {' and '.join(who)}: {shift}."

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


def _percent(share: float) -> str:
    return f"{100 * float(share):.3g} %"
