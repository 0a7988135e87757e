"""What ``compare`` was asked for, checked before anything is fitted."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel._rows import n_rows
from evenkeel.audit import copies_of
from evenkeel.catalogue import (
    SHORTLIST,
    SIMPLE,
    THINNED,
    THINNING,
    find_remedies,
    find_remedy,
    named,
)
from evenkeel.decide import Policy
from evenkeel.distribution import encode, positive_last
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.evidence import FEWEST, rare_rows
from evenkeel.race.asked_groups import asked_groups
from evenkeel.split import Folds, make_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def asked_labels(X: Any, y: Any, *, force: bool) -> tuple[tuple[Any, ...], Ints]:
    """Label of each class code, and the code of each row; the rarer of two classes is 1.

    Raises
    ------
    InvalidInput
        One class, another number of rows, or fewer than 10 rare rows without ``force``.
    """
    classes, codes = positive_last(*encode(y))
    if len(classes) < 2:
        raise InvalidInput(f"y of compare must hold at least two classes. Got only {classes[0]!r}.")
    if n_rows(X) != len(codes):
        raise InvalidInput(
            f"X and y of compare must have as many rows. Got {n_rows(X):,} and {len(codes):,}."
        )
    rare = rare_rows(np.bincount(codes))
    if rare < FEWEST and not force:
        raise InvalidInput(
            f"y of compare must hold at least {FEWEST} rows of the rare class to compare anything. Got "
            f"{rare}. Collect more, or go on with force=True."
        )
    return classes, codes


def asked_policy(policy: Any, n_classes: int) -> Policy:
    """The policy that was given, or what is usual for so many classes.

    Raises
    ------
    InvalidInput, InvalidType
        It is no policy, or cannot decide between so many classes.
    """
    if policy is None:
        policy = Policy.scenario("general", n_classes=n_classes)
    if not isinstance(policy, Policy):
        raise InvalidType(
            "policy of compare must be a Policy, such as Policy(cost_fn=122, cost_fp=4) or "
            f"Policy.scenario('fraud'). Got {policy!r}."
        )
    policy.check(n_classes)
    return policy


def asked_remedies(remedies: Any, *, weak: bool = False, ratio: float = math.inf) -> dict[str, Any]:
    """The remedies by name, the baseline first; where none were named what suits the table.

    Raises
    ------
    InvalidInput, InvalidType
        Something that is no remedy, a name that is not known, or one name for two remedies.

    Examples
    --------
    >>> list(asked_remedies("smote, class-weight"))
    ['none', 'smote', 'class-weight']
    """
    rule = "remedies of compare must be a list of names, or of remedies, samplers or classifiers"
    if remedies is None:
        idle = THINNING if ratio <= THINNED else ()
        remedies = SIMPLE if weak else [spec for spec in SHORTLIST if spec not in idle]
    if isinstance(remedies, str):
        remedies = find_remedies(remedies, owner="compare")
    if not isinstance(remedies, list | tuple | set | frozenset):
        raise InvalidType(f"{rule}. Got {remedies!r}. Put a single one in a list.")
    found = {"none": find_remedy("none")}
    rows = (
        find_remedy(given, owner="compare") if isinstance(given, str) else given
        for given in remedies
    )
    for remedy in named(rows):
        if found.setdefault(remedy.name, remedy) != remedy:
            raise InvalidInput(
                f"remedies of compare must have different names. Got {remedy.name!r} twice: rename "
                "one, and leave 'none' to the baseline."
            )
    return found


def asked_folds(X: Any, codes: Ints, cv: Any, groups: Any, seed: int) -> Folds:
    """Folds that keep groups and copies whole, or those of a splitter that was given.

    Raises
    ------
    InvalidInput, InvalidType
        No number of folds and no splitter, more folds than rare rows, groups of another length,
        or folds that cannot serve.
    """
    block = asked_groups(groups, len(codes))
    if cv is not None and callable(getattr(cv, "split", None)) and not isinstance(cv, str):
        return _folds_of(cv, X, codes, groups)
    if cv is not None:
        hint = "Or give a splitter of scikit-learn, such as StratifiedKFold(5)."
        check_number(cv, "cv", "compare", low=2, whole=True, hint=hint)
        most = rare_rows(np.bincount(codes))
        if cv > most:
            raise InvalidInput(
                f"cv of compare must be at most {most:,}, the rows of the rare class: a fold without "
                f"any measures nothing. Got {cv:,}."
            )
        cv = int(cv)
    return make_folds(codes, groups=block, duplicates=copies_of(X), n_folds=cv, seed=seed)


def _folds_of(cv: Any, X: Any, codes: Ints, groups: Any) -> Folds:
    """The folds of a splitter, each row in one of them."""
    if isinstance(cv, type):
        raise InvalidType(
            f"cv of compare must be a splitter that was made. Got the class: {cv.__name__}()."
        )
    part = np.full(len(codes), -1, np.int16)
    rule = "cv of compare must put every row into one fold"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # too few rows of a class: said below
            pairs = [(np.asarray(t), np.asarray(v)) for t, v in cv.split(X, codes, groups)]
    except (TypeError, ValueError) as error:
        hint = " Give groups=." if groups is None and "groups" in str(error) else ""
        raise InvalidInput(
            f"cv of compare must be able to split these rows. Got: {str(error).rstrip('.')}.{hint}"
        ) from error
    for fold, (train, valid) in enumerate(pairs):
        if np.any(part[valid] >= 0):
            raise InvalidInput(f"{rule}. Got overlaps.")
        part[valid] = fold
        if len(train) + len(valid) != len(codes):
            raise InvalidInput(
                f"{rule} and train on all others. Fold {fold} of {type(cv).__name__} leaves out "
                f"{len(codes) - len(train) - len(valid):,} rows."
            )
        if len(np.unique(codes[train])) < 2:
            raise InvalidInput(
                "cv of compare must leave two classes to train on in every fold. Fold "
                f"{fold} of {type(cv).__name__} leaves one. Use StratifiedKFold, or shuffle=True."
            )
    if np.any(part < 0):
        raise InvalidInput(f"{rule}. It left out {np.sum(part < 0):,}.")
    most = rare_rows(np.bincount(codes))
    if len(pairs) > most:
        raise InvalidInput(
            f"cv of compare must make at most {most:,} folds, as many as there are rows of the rare "
            f"class. Got {len(pairs):,}."
        )
    return Folds(part[None, :], len(pairs))
