"""A new decision for a finished run, from its stored scores: nothing is fitted again."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide.calibrate import fit_calibrator
from evenkeel.decide.capacity import a
from evenkeel.decide.choose import as_policy, choose
from evenkeel.decide.policy import Policy
from evenkeel.decide.request import Request, read_share
from evenkeel.decide.settle import RAREST, deployment
from evenkeel.decision_file import DecisionFile
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.in_force import facts_in_force
from evenkeel.seen_rows import SeenRows
from evenkeel.store import AGAIN, open_run
from evenkeel.stored import OOF, TESTED, read_facts, read_stored

if TYPE_CHECKING:
    from evenkeel.decide import Decision
    from evenkeel.decide.calibrate import Calibrator
    from evenkeel.drift import Truth
    from evenkeel.stored import StoredScores

_VOLUME_MATTERS = 0.1
_MARKS = 4096  # 44 kB in decision.json
READS = frozenset({"metrics.json", OOF, TESTED})


def decide_again(
    folder: str | Path,
    policy: Policy | Request | None = None,
    *,
    deploy_prevalence: Any = None,
    recalibrate: Any = None,
) -> dict[str, Any]:
    """Choose another decision for a run, and put it in force.

    ``decision.json`` alone is written; the decision that was in force joins its history.

    Parameters
    ----------
    folder
        The run directory.
    policy
        What decisions are for, also as options that make one; None keeps the policy in force.
    deploy_prevalence
        Share of the positive class where the model will work, also as ``"0.2%"``: probabilities are
        put on that scale, and the stored rows weighed by it. Or a table of rows from there whose
        outcome is not known: the share is estimated from their scores
        (:func:`evenkeel.decide.estimate_prior`), for which the model is read.
    recalibrate
        A table of later rows with their truth: probabilities are fitted to it, and the decision is
        chosen on it; for which the model is read. A capacity in a period is kept at the
        larger of the two volumes, that of the run and that of these rows.

    Returns
    -------
    dict
        The facts of the run (``docs/facts.md``) with ``policy``, ``decision``, ``test`` and what
        follows from them under the new decision, and ``before``, the sentence of the old one.

    Raises
    ------
    InvalidInput
        A policy that these scores cannot serve, or columns that are not there. Nothing is written.
    DamagedRun
        The folder is no finished run, or was altered.

    Examples
    --------
    >>> from evenkeel import Policy
    >>> decide_again("no-such-run", Policy.capacity("200/day"))
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: run of evenkeel must be a run directory. no-such-run is not a folder.
    """
    folder = Path(folder)
    info = open_run(folder, reads=READS)
    facts, file = read_facts(folder), DecisionFile.read(folder / AGAIN)
    if recalibrate is not None and deploy_prevalence is not None:
        raise InvalidInput(
            "deploy_prevalence of a decision and recalibrate of a decision exclude each other: the "
            "later rows bring their own prevalence. Leave one out."
        )
    if policy is None:
        policy = file.decision.policy
    if isinstance(policy, Request):
        policy = policy.policy(len(file.labels), classes=file.labels)
    policy = as_policy(policy, "decide_again")
    if policy.preset is not None:
        policy = Policy.scenario(policy.preset, n_classes=len(file.labels))
    policy.check(len(file.labels))
    asked: dict[str, Any] = {
        "facts": facts,
        "columns": policy.columns,
        "time": (info.get("settings") or {}).get("time"),
    }
    tested = read_stored(folder, TESTED, **asked)
    seen, share = None, None
    if recalibrate is None or (policy.alerts is not None and policy.alerts.dated):
        scored = read_stored(folder, OOF, **asked)
        share = _alert_share(policy, facts, scored, tested)
    if recalibrate is None:
        prevalence, note = _prevalence(folder, deploy_prevalence, scored)
        decision, adjustment, on = _from_stored(file, scored, policy, share, prevalence, note)
    else:
        decision, adjustment, on, seen = _from_truth(folder, recalibrate, policy, share)
    if not decision.reached:
        raise InvalidInput(f"{decision.notes[0]}. The decision in force stays as it is.")
    new = file.then(decision, adjustment=adjustment, chosen_on=on, seen=seen)
    told = facts_in_force(facts, new, tested) | {"before": file.decision.sentence(file.labels)}
    if not new.replace_in(folder / AGAIN, file):
        raise InvalidInput(
            f"decision of {folder} was changed while this one was made, and stays. Look at it, then "
            "decide again."
        )
    if recalibrate is None and deploy_prevalence is None:
        _warn_of_scale(file)
    return told


def _warn_of_scale(before: DecisionFile) -> None:
    """That a decision chosen on another prevalence or later rows gave way to one on the run's own."""
    if before.adjustment is None:
        return
    warnings.warn(
        f"The decision before was chosen on {before.chosen_on}; this one is not, and probabilities "
        "are back on the scale of the run. To keep theirs, give --recalibrate or "
        "--deploy-prevalence again.",
        EvenkeelWarning,
        stacklevel=3,
    )


def _alert_share(
    policy: Policy, facts: dict[str, Any], scored: StoredScores, tested: StoredScores
) -> float | None:
    """A capacity as a share of rows: of all rows in its periods, held out or left out or not."""
    alerts = policy.alerts
    if alerts is None or not alerts.dated:
        return None
    times = scored.times
    if times is not None and facts["split"]["kind"] not in ("file", "nested"):
        times = np.concatenate([times, tested.times])
    rows = scored.y.size if times is None else times.size
    # Groups kept whole leave rows out of the span that the stored ones cover.
    return alerts.budget(rows, times=times) / max(int(facts["data"]["rows"]), rows)


def _from_stored(
    file: DecisionFile,
    scored: StoredScores,
    policy: Policy,
    share: float | None,
    prevalence: float | None,
    estimated: str | None,
) -> tuple[Decision, Calibrator | None, str]:
    proba = file.calibrator.apply(scored.scores)
    shift, weight = deployment(scored.y, len(file.labels), prevalence)
    if shift is not None:
        proba = shift.apply(proba)
    decision = choose(
        policy,
        scored.y,
        proba,
        columns=scored.columns or None,
        weight=weight,
        share=share,
        classes=file.labels,
    )
    on = "out-of-fold scores of the run"
    if prevalence is not None:
        on += f", weighed to a prevalence of {prevalence:g}"
        told = [f"counts are weighed to a prevalence of {prevalence:g}"]
        told += [] if estimated is None else [estimated]
        decision = replace(decision, notes=(*decision.notes, *told))
    return decision, shift, on


def _prevalence(folder: Path, given: Any, scored: StoredScores) -> tuple[float | None, str | None]:
    """The share where the model will work, and how it is known where rows without outcome told it."""
    table = not isinstance(given, str | Real) or (isinstance(given, str) and Path(given).is_file())
    if given is None or not table:
        try:
            return read_share(given, "deploy_prevalence", "a decision"), None
        except InvalidInput as error:
            raise InvalidInput(
                "deploy_prevalence of a decision must be a share such as 0.002 or 0.2%, or a file of rows "
                f"without outcome. Got {given!r}, and there is no such file."
            ) from error
    from evenkeel.later_truth import estimate_shares

    found, rows, name = estimate_shares(folder, given, scored.y)
    if found.now[1] < RAREST:
        raise InvalidInput(
            f"deploy_prevalence of a decision cannot be estimated from {name}: by their scores none of its "
            f"{rows:,} rows is positive. Give the share itself."
        )
    told = (
        f"that prevalence was estimated from the scores of {rows:,} rows of {name} without outcome: "
        f"between {found.low[1]:.3g} and {found.high[1]:.3g} (95 %), if rows of a class look as before"
    )
    return float(f"{found.now[1]:.3g}"), told


def _from_truth(
    folder: Path, source: Any, policy: Policy, share: float | None
) -> tuple[Decision, Calibrator, str, SeenRows]:
    # The model is needed for new rows, and brings the learning libraries with it.
    from evenkeel.later_truth import refuse_own_rows, score_truth

    truth = score_truth(folder, source, columns=policy.columns)
    own = refuse_own_rows(truth)
    rarest = int(np.bincount(truth.y, minlength=len(truth.classes)).min())
    if rarest < 10:
        raise InvalidInput(
            f"recalibrate of a decision must hold at least 10 rows of each class. Got {rarest} of "
            "the rarest. Collect more, or give --deploy-prevalence."
        )
    adjustment = fit_calibrator(truth.y, truth.proba_run, method="platt")
    decision = choose(
        policy,
        truth.y,
        adjustment.apply(truth.proba_run),
        columns=truth.columns or None,
        share=None if share is None else _larger_volume(policy, truth, share),
        classes=truth.classes,
    )
    seen = SeenRows.of(truth.marks, most=_MARKS)
    on = f"{truth.y.size:,} later rows of {truth.source}" + (f", {own}" if own else "")
    return decision, adjustment, on, seen


def _larger_volume(policy: Policy, truth: Truth, share: float) -> float:
    """A capacity as a share of rows, such that it holds at the run's volume and at that of later rows.

    Later rows with an outcome may be all there are, or a sample: their volume alone could flag many
    times what the capacity allows. So the lower share is taken, and a difference is told.
    """
    alerts = policy.alerts
    dated = truth.times is not None and truth.times.dtype.kind == "M"
    if alerts is None or not dated:
        return share
    rows = truth.y.size + truth.unknown
    later = alerts.budget(truth.y.size, times=truth.times) / rows
    if abs(later - share) > _VOLUME_MATTERS * share:
        warnings.warn(
            f"{truth.source} holds {alerts.amount / later:,.4g} rows {a(alerts.per)}, the run held "
            f"{alerts.amount / share:,.4g}. The capacity of {alerts.sentence()} is kept at the larger "
            "of the two.",
            EvenkeelWarning,
            stacklevel=4,
        )
    return min(later, share)
