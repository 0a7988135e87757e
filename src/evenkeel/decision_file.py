"""``decision.json``: the decision in force, how it was calibrated, and what was decided before.

It is the one home of a decision. It holds its own checksum, because it is the one file of a run that
may be written again (``evenkeel decide``), and that of the run's ``metrics.json``, because it serves no other run.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import Decision
from evenkeel.decide.calibrate import calibrator_from_dict
from evenkeel.decide.prior import Chained
from evenkeel.errors import DamagedRun, EvenkeelError
from evenkeel.seen_rows import SeenRows
from evenkeel.store import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from evenkeel.decide.calibrate import Calibrator

FORMAT = "evenkeel.decision/3"
_PAST = ("until", "policy", "sentence", "chosen_on")


@dataclass(frozen=True)
class DecisionFile:
    """What ``decision.json`` holds.

    Parameters
    ----------
    labels
        Label of each class code.
    calibrator
        Of the run, fitted on its out-of-fold scores.
    decision
        The one in force.
    adjustment
        What comes after the calibrator: another prevalence, or later truth; None for nothing.
    chosen_on
        What the decision in force was chosen on, in words.
    history
        Earlier decisions, the oldest first: ``until``, ``policy``, ``sentence``, ``chosen_on``.
    seen
        The later rows that the decision in force was calibrated and chosen on, or 4,096 of them.
    page_is_older
        Whether page and card still tell of the decision before.
    sha256
        Checksum of the file this was read from; None before it was written.
    """

    labels: list[Any]
    calibrator: Calibrator
    decision: Decision
    adjustment: Calibrator | None = None
    chosen_on: str = "out-of-fold scores of the run"
    history: tuple[dict[str, str], ...] = ()
    page_is_older: bool = False
    seen: SeenRows | None = None
    sha256: str | None = field(default=None, compare=False)

    @property
    def whole(self) -> Calibrator:
        """The calibrator with what comes after it."""
        if self.adjustment is None:
            return self.calibrator
        return Chained((self.calibrator, self.adjustment))

    def then(
        self,
        decision: Decision,
        *,
        adjustment: Calibrator | None,
        chosen_on: str,
        seen: SeenRows | None = None,
    ) -> DecisionFile:
        """The file with another decision in force, and this one added to its history."""
        past = {
            "until": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "policy": self.decision.policy.sentence(),
            "sentence": self.decision.sentence(self.labels),
            "chosen_on": self.chosen_on,
        }
        return replace(
            self,
            decision=decision,
            adjustment=adjustment,
            chosen_on=chosen_on,
            history=(*self.history, past),
            page_is_older=True,
            seen=seen,
        )

    def document(self) -> dict[str, Any]:
        """What is stored, less the checksums."""
        return {
            "format": FORMAT,
            "labels": self.labels,
            "decision": self.decision.to_dict(),
            "calibrator": self.calibrator.to_dict(),
            "adjustment": None if self.adjustment is None else self.adjustment.to_dict(),
            "chosen_on": self.chosen_on,
            "history": list(self.history),
            "page_is_older": self.page_is_older,
        } | ({} if self.seen is None else {"seen": self.seen.to_dict()})

    def write(self, path: Path) -> None:
        """Write the file in one step."""
        document = self.document() | {"of": _run_of(path)}
        write_json(path, document | {"sha256": _digest(document)})

    def replace_in(self, path: Path, seen: DecisionFile) -> bool:
        """Write the file in the place of ``seen``; nothing where another took that place meanwhile.

        Returns
        -------
        bool
            Whether it was written.
        """
        with _alone(path):
            now = read_json(path)
            there = now.get("sha256") if isinstance(now, dict) else None
            if there != seen.sha256:
                return False
            self.write(path)
            return True

    @classmethod
    def read(cls, path: Path) -> DecisionFile:
        """Read and check the file.

        Raises
        ------
        DamagedRun
            It is missing, altered, or holds what it must not.
        """
        stored = read_json(path)
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            raise DamagedRun(f"{path} is not a decision of evenkeel in the form {FORMAT}.")
        if _digest(stored) != stored.get("sha256"):
            raise DamagedRun(f"{path} is damaged: it is not what evenkeel wrote.")
        if stored.get("of") != _run_of(path):
            raise DamagedRun(
                f"{path} is the decision of another run. Put back the one of this run."
            )
        try:
            adjustment, seen = stored["adjustment"], stored.get("seen")
            _check_words(stored)
            found = cls(
                stored["labels"],
                calibrator_from_dict(stored["calibrator"]),
                Decision.from_dict(stored["decision"]),
                None if adjustment is None else calibrator_from_dict(adjustment),
                stored["chosen_on"],
                tuple(stored["history"]),
                stored["page_is_older"],
                None if seen is None else SeenRows.from_dict(seen),
                stored["sha256"],
            )
            n_classes = found.decision.n_classes
            found.whole.apply(np.full((1, n_classes), 1.0 / n_classes))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise DamagedRun(f"{path} is damaged: {reason(error)}.") from error
        plain = all(isinstance(label, str | int | float) for label in found.labels)
        if not plain or len(found.labels) != n_classes or len(set(found.labels)) != n_classes:
            raise DamagedRun(f"{path} is damaged: its labels do not fit its decision.")
        return found


def _check_words(stored: dict[str, Any]) -> None:
    """Raise unless what is not checked by its own class has the right form."""
    kinds = {"labels": list, "chosen_on": str, "history": list, "page_is_older": bool}
    for name, kind in kinds.items():
        if type(stored[name]) is not kind:
            raise DamagedRun(f"its {name} does not hold what it must hold")
    for past in stored["history"]:
        if {name: type(told) for name, told in past.items()} != dict.fromkeys(_PAST, str):
            raise DamagedRun("its history does not hold what it must hold")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder against others that would write this file, where the system can."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:  # Windows: the check and the write stand next to each other
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        flock(folder, LOCK_EX)
        yield
    finally:
        os.close(folder)


def _run_of(path: Path) -> str | None:
    """Checksum of the metrics beside a decision; None where it stands alone, as a network's does."""
    metrics = path.with_name("metrics.json")
    return hashlib.sha256(metrics.read_bytes()).hexdigest() if metrics.is_file() else None


def _digest(document: Mapping[str, Any]) -> str:
    content = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def reason(error: Exception) -> str:
    """Why a stored file cannot be used: our own sentence, or what Python said."""
    return str(error).rstrip(".") if isinstance(error, EvenkeelError) else repr(error)
