"""Decisions on several labels: a threshold for each, what they were chosen on, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel.confusion import Counts
from evenkeel.decide.decision import Decision
from evenkeel.decide.label_policy import LabelPolicy, plain_label
from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MultilabelDecision:
    """How calibrated probabilities of several labels become decisions.

    Parameters
    ----------
    policy
        What was asked for.
    labels
        ``(n_labels,)``: names, in the order of the columns.
    decisions
        One for each label, with its threshold and its counts on the rows it was chosen on.
    notes
        What a reader must know, each with the label it is about.
    """

    policy: LabelPolicy
    labels: tuple[Any, ...]
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...] = ()

    @property
    def thresholds(self) -> Floats:
        """``(n_labels,)``: a label is decided when its score is at least this."""
        return np.array([decision.threshold for decision in self.decisions], dtype=np.float64)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that ``apply`` needs besides the probabilities."""
        return self.policy.columns

    @property
    def counts(self) -> Counts:
        """Confusion counts of each label on the rows it was chosen on, four arrays ``(n_labels,)``."""
        table = np.array([decision.confusion for decision in self.decisions], dtype=np.float64)
        return Counts(table[:, 1, 1], table[:, 0, 1], table[:, 1, 0], table[:, 0, 0])

    def apply(self, proba: ArrayLike, *, columns: Mapping[str, Any] | None = None) -> Ints:
        """Decide.

        Parameters
        ----------
        proba
            ``(..., n_rows, n_labels)``: calibrated probabilities.
        columns
            The columns that the costs name, each ``(n_rows,)``.

        Returns
        -------
        array
            ``(..., n_rows, n_labels)``: 1 where the label is decided, 0 elsewhere.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], another number of labels, or columns missing.
        """
        p = as_scores(proba, owner="MultilabelDecision.apply", name="proba")
        if p.ndim < 2 or p.shape[-1] != len(self.labels):
            raise InvalidInput(
                f"proba of MultilabelDecision.apply must have {len(self.labels)} columns. "
                f"Got shape {p.shape}."
            )
        each = [
            decision.apply(two_sided(p[..., label]), columns=columns)
            for label, decision in enumerate(self.decisions)
        ]
        return np.stack(each, axis=-1)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, for labels that are text, numbers or truth values."""
        return {
            "policy": self.policy.to_dict(),
            "labels": [plain_label(label) for label in self.labels],
            "decisions": [decision.to_dict() for decision in self.decisions],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The decision that ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            labels, notes = stored["labels"], stored["notes"]
            decisions = tuple(Decision.from_dict(each) for each in stored["decisions"])
            whole = type(labels) is list and len(labels) == len(decisions) > 0
            whole = whole and all(isinstance(label, str | int | float) for label in labels)
            whole = whole and all(decision.n_classes == 2 for decision in decisions)
            if not whole or type(notes) is not list or not all(type(n) is str for n in notes):
                raise DamagedRun("The stored decisions of several labels do not fit together.")
            policy = LabelPolicy.from_dict(stored["policy"])
        except (KeyError, TypeError) as error:
            raise DamagedRun(f"The stored decisions cannot be used: {error!r}.") from error
        return cls(policy=policy, labels=tuple(labels), decisions=decisions, notes=tuple(notes))

    def sentence(self) -> str:
        """The decision of each label in plain words, one line each."""
        pairs = zip(self.labels, self.decisions, strict=True)
        return "\n".join(f"{label}: {decision.sentence()}" for label, decision in pairs)


def two_sided(p: Floats) -> Floats:
    """``(..., 2)``: the probabilities of not carrying and of carrying a label."""
    return np.stack([1.0 - p, p], axis=-1)
