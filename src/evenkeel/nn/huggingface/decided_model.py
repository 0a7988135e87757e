"""Calibration and threshold for a model that a Trainer trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from evenkeel._checks import listed
from evenkeel.decide import settle
from evenkeel.decision_file import DecisionFile
from evenkeel.errors import InvalidInput
from evenkeel.nn.huggingface.predictions import class_proba, logits_of, read_items
from evenkeel.nn.samplers.class_rows import IGNORED
from evenkeel.scores import Scores
from evenkeel.split import make_folds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide import Calibrator, Decision, Policy, Settled

NAME = "decision.json"


def decide_on(
    trainer: Any,
    dataset: Any,
    policy: Policy,
    *,
    columns: Mapping[str, Any] | None = None,
    prevalence: float | None = None,
    method: str = "auto",
    seed: int = 0,
) -> DecidedModel:
    """Calibrate a trained model and choose its threshold on rows that it was not trained on.

    The model scores the rows once, and :func:`evenkeel.decide.settle` does the rest: so a loss or a
    sampler that moved the probabilities is undone, and the threshold is searched exactly.

    Parameters
    ----------
    trainer
        A Transformers ``Trainer`` with the model as it is to be used.
    dataset
        Labelled rows at the prevalence of real life: the evaluation set, never the training set. If
        the best checkpoint was chosen on them too, judge on a third set.
    policy
        What the decisions are to achieve.
    columns
        The columns that the costs name, each ``(n_rows,)``.
    prevalence, method, seed
        As :func:`evenkeel.decide.settle` takes them.

    Returns
    -------
    DecidedModel
        Its ``settled`` has the labels of each fold by a decision of the others, and the optimism.

    Raises
    ------
    InvalidInput, InvalidType
        A dataset without labels, several labels to a row (take
        ``evenkeel.decide.choose_labels``), one class only, or a policy that does not fit.
    """
    given = trainer.predict(dataset)
    items = read_items(given.predictions, given.label_ids)
    if items.several:
        raise InvalidInput(
            "dataset of decide_on must have one label to a row. Got several. Give their "
            "probabilities to evenkeel.decide.choose_labels."
        )
    names = _class_names(trainer, items.proba.shape[1])
    tokens = np.bincount(items.rows).max(initial=0) > 1
    folds = make_folds(items.truth, groups=items.rows if tokens else None, n_repeats=1, seed=seed)
    scores = Scores(items.truth, items.proba[None], folds.part.astype(np.int64), names)
    settled = settle(
        scores, policy, columns=columns, prevalence=prevalence, method=method, seed=seed
    )
    return DecidedModel(trainer, names, settled.calibrator, settled.decision, settled)


@dataclass(frozen=True, eq=False)
class DecidedModel:
    """A trained model with its calibration and its decision.

    Parameters
    ----------
    trainer
        What predicts.
    labels
        Names of the classes, in the order of the codes.
    calibrator, decision
        What was settled.
    settled
        All that was; None for a decision that was loaded.
    """

    trainer: Any
    labels: tuple[Any, ...]
    calibrator: Calibrator
    decision: Decision
    settled: Settled | None = None

    def __repr__(self) -> str:
        facts = (
            type(self.trainer.model).__name__,
            f"{len(self.labels)} classes: {listed(self.labels)}",
        )
        return f"{type(self).__name__}({', '.join(facts)}, {self.decision.policy!r})"

    def predict_proba(self, dataset: Any) -> NDArray[np.float64]:
        """Calibrated probabilities ``(n_rows, n_classes)``; of tokens ``(n_rows, T, n_classes)``."""
        return self._predicted(dataset)[0]

    def predict(
        self, dataset: Any, *, columns: Mapping[str, Any] | None = None
    ) -> NDArray[np.int64]:
        """Decided class codes ``(n_rows,)``; of tokens ``(n_rows, T)``.

        A dataset with labels has -100 where they have: at padding, special tokens and later pieces of
        words. Without labels every place has a class. Leave those out that are no word's first: where
        ``attention_mask`` is 0, and where the tokenizer's ``word_ids()`` are None or the one before.
        """
        proba, truth = self._predicted(dataset)
        decided = self.decision.apply(proba.reshape(-1, proba.shape[-1]), columns=columns)
        codes = decided.reshape(proba.shape[:-1])
        if codes.ndim > 1 and np.shape(truth) == codes.shape:
            codes = np.where(np.asarray(truth) == IGNORED, IGNORED, codes)
        return codes

    def _predicted(self, dataset: Any) -> tuple[NDArray[np.float64], Any]:
        """Calibrated probabilities, and the labels that the dataset shows, or None."""
        given = self.trainer.predict(dataset)
        proba = class_proba(logits_of(given.predictions))
        if proba.ndim == 1:
            proba = proba[:, None]
        return self.calibrator.apply(proba), given.label_ids

    def save(self, folder: str | Path) -> Path:
        """Write the model (safetensors) and beside it ``decision.json``; call it on every process.

        ``Trainer`` writes what belongs to its model too: the configuration, the tokenizer's files
        where it has one, and ``training_args.bin``, a pickle, which :meth:`load` never reads.

        Returns
        -------
        Path
            Of the decision.
        """
        place = Path(folder)
        self.trainer.save_model(str(place))
        file = DecisionFile(
            list(self.labels),
            self.calibrator,
            self.decision,
            chosen_on="scores of rows that the model was not trained on",
        )
        if self.trainer.is_world_process_zero():
            file.write(place / NAME)
        return place / NAME

    @classmethod
    def load(cls, folder: str | Path, trainer: Any) -> Self:
        """Read the decision of a folder that :meth:`save` wrote, for the model in ``trainer``.

        Raises
        ------
        DamagedRun
            No decision there, or an altered one.
        InvalidInput
            A decision for other classes than the model's.
        """
        file = DecisionFile.read(Path(folder) / NAME)
        names = _class_names(trainer, len(file.labels))
        if list(names) != file.labels:
            raise InvalidInput(
                f"The model of DecidedModel.load must have the classes of the decision, "
                f"{file.labels}. Got {list(names)}."
            )
        return cls(trainer, names, file.whole, file.decision)


def _class_names(trainer: Any, n_classes: int) -> tuple[Any, ...]:
    """Names in the model's configuration, the codes where it has none of so many."""
    known = getattr(getattr(trainer.model, "config", None), "id2label", None) or {}
    if len(known) == n_classes and all(code in known for code in range(n_classes)):
        return tuple(str(known[code]) for code in range(n_classes))
    return tuple(range(n_classes))
