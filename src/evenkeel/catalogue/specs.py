"""Remedies by name: knobs in brackets, parts joined with ``+``."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from evenkeel._checks import did_you_mean
from evenkeel.catalogue.ensembles import ENSEMBLES
from evenkeel.catalogue.own import OBJECT, SPEC, Own, import_remedy
from evenkeel.catalogue.resamplers import RESAMPLERS
from evenkeel.catalogue.torch_remedies import TORCH_REMEDIES
from evenkeel.catalogue.weights import WEIGHTS
from evenkeel.errors import InvalidInput
from evenkeel.remedy import Combined, Remedy

if TYPE_CHECKING:
    from collections.abc import Iterable

CATALOGUE: dict[str, Remedy] = {
    row.name: row for row in (*WEIGHTS, *RESAMPLERS, *ENSEMBLES, *TORCH_REMEDIES)
}

SHORTLIST = (
    "none",
    "class-weight",
    "class-weight-sqrt",
    "random-under(ratio=0.1)",
    "under-bagging",
    "self-paced",
    "balanced-forest",
    "random-over",
    "smote",
    "random-under(ratio=0.1)+class-weight",
)
THINNED = 10  # rows for each of the rarest class; where there are no more, these have nothing to do
THINNING = tuple(spec for spec in SHORTLIST if "(ratio=0.1)" in spec)
SIMPLE = ("none", "class-weight", "class-weight-sqrt")  # all that 10 to 49 positives can tell apart

NETWORKS = ("focal", "logit-adjusted")  # join the shortlist where a network is a learner
ANOMALIES = "isolation-forest"  # joins the shortlist at extreme ratios

_PART = re.compile(r"\s*([a-z][a-z0-9-]*)\s*(?:\(([^()]*)\))?\s*")


def find_remedy(spec: str, *, owner: str = "run") -> Remedy | Combined | Own:
    """A remedy by name, with knobs in brackets and parts joined by ``+``.

    Parameters
    ----------
    spec
        Such as ``"smote"``, ``"smote(k=3)"`` or ``"random-under(ratio=0.1)+class-weight"``; or
        ``"module:Name"``, an object or class of Python, as :func:`import_remedy` finds it.
    owner
        What the user called, for messages.

    Raises
    ------
    InvalidInput
        Unknown remedy or knob, a value outside its range, or text that cannot be read.

    Examples
    --------
    >>> find_remedy("random-under(ratio=0.1)+class-weight").changes
    'rows+weights'
    """
    if SPEC.fullmatch(spec):
        return import_remedy(spec, owner=owner)
    parts = tuple(_read_part(part, spec, owner) for part in _split(spec, "+"))
    if len(parts) == 1:
        return parts[0]
    names = [part.name.partition("(")[0] for part in parts]
    if len(set(names)) < len(names) or "none" in names:
        raise InvalidInput(
            f"remedy of {owner} must join different remedies, and 'none' stands alone. Got {spec!r}."
        )
    if sum(part.corrects for part in parts) > 1:
        raise InvalidInput(
            f"remedy of {owner} must hold at most one part that changes weights, in the loss and in the "
            f"batches too: two would correct twice. Got {spec!r}. Keep one of them."
        )
    _check_balance(parts, spec, owner)
    _check_slots(parts, spec, owner)
    if any(part.changes == "weights" for part in parts[:-1]):
        raise InvalidInput(
            f"remedy of {owner} must name weights last, because they are computed from what the "
            f"resampling left. Got {spec!r}."
        )
    return Combined(parts)


def _check_balance(parts: tuple[Remedy, ...], spec: str, owner: str) -> None:
    """Refuse what would correct twice beside a learner that balances the classes by itself."""
    learners = [part for part in parts if part.changes == "learner"]
    others = [part for part in parts if part.balances and part not in learners[:1]]
    if learners and others:
        raise InvalidInput(
            f"remedy of {owner} must settle once how much each class counts. Got {spec!r}, in which "
            f"{learners[0].name} and {others[0].name} both do: the second would find nothing left to "
            "correct, or correct twice. Keep one of them."
        )
    if learners and parts[-1] is not learners[0]:
        raise InvalidInput(
            f"remedy of {owner} must name {learners[0].name} last, because it is fitted on what the "
            f"cleaning left. Got {spec!r}."
        )


def _check_slots(parts: tuple[Remedy, ...], spec: str, owner: str) -> None:
    """Refuse two losses, or two samplers: a network has one of each, so one would have no effect."""
    for slot, what in (("loss", "loss"), ("batches", "sampler of batches")):
        names = [part.name for part in parts if part.changes == slot]
        if len(names) > 1:
            raise InvalidInput(
                f"remedy of {owner} must name one {what}: a network is trained with one. Got {spec!r}, "
                f"which names {' and '.join(names)}. Keep one of them."
            )


def find_remedies(text: str, *, owner: str = "run") -> list[str]:
    """Remedy names from a comma-separated list; ``all`` stands for the whole catalogue.

    Raises
    ------
    InvalidInput
        As for :func:`find_remedy`, or an empty list.

    Examples
    --------
    >>> find_remedies("smote, random-under(ratio=0.2)")
    ['none', 'smote', 'random-under(ratio=0.2)']
    """
    wanted = [spec.strip() for spec in _split(text, ",") if spec.strip()]
    if not wanted:
        raise InvalidInput(
            f"remedies of {owner} must name at least one remedy. Got none. See: evenkeel remedies"
        )
    if "all" in wanted:
        wanted = [*CATALOGUE, SHORTLIST[-1], *(spec for spec in wanted if spec != "all")]
    names = [
        spec if spec.endswith(OBJECT) else find_remedy(spec, owner=owner).name
        for spec in ("none", *wanted)
    ]
    return list(dict.fromkeys(names))


def usual_remedies(learners: Iterable[str]) -> tuple[str, ...]:
    """The remedies of a run that names none.

    >>> usual_remedies(["lightgbm", "torch"])[len(SHORTLIST) :]
    ('focal', 'logit-adjusted')
    """
    return SHORTLIST + NETWORKS if "torch" in learners else SHORTLIST


def _read_part(text: str, spec: str, owner: str) -> Remedy:
    if SPEC.fullmatch(text):
        raise InvalidInput(
            f"remedy of {owner} must join names of the catalogue alone: nobody knows what {text.strip()} "
            f"changes, and so what may stand beside it. Got {spec!r}. Let its own treat do both."
        )
    match = _PART.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"remedy of {owner} must be written name or name(knob=number). Got {text!r}. "
            f"{_meant(text)}See: evenkeel remedies"
        )
    name, inside = match.groups()
    if name not in CATALOGUE:
        raise InvalidInput(
            f"remedy of {owner} must be a name of the catalogue. Got {name!r}. {_meant(name)}"
            "See: evenkeel remedies"
        )
    row = CATALOGUE[name]
    if not inside or not inside.strip():
        return row
    read = [_read_knob(row, item) for item in inside.split(",")]
    twice = [knob for knob, times in Counter(knob for knob, _ in read).items() if times > 1]
    if twice:
        raise InvalidInput(
            f"knob {twice[0]} of {row.name} must be given once. Got {text.strip()!r}. Keep one value."
        )
    return row.with_knobs(**dict(read))


def _by_class() -> dict[str, str]:
    """Names in the catalogue by class name in lower case; where several share a class, the first."""
    rows = [row for row in CATALOGUE.values() if row.target]
    return {row.class_name.lower(): row.name for row in reversed(rows)}


def _meant(text: str) -> str:
    """A question that names what the text looks like, or nothing: class names are understood."""
    word = re.split(r"[(=]", text)[0].strip().lower()
    if word in _by_class():
        return f"Did you mean {_by_class()[word]!r}? "
    known = did_you_mean(word.replace("_", "-"), CATALOGUE) if word else ""
    return f"{known} " if known else ""


def _read_knob(row: Remedy, item: str) -> tuple[str, Any]:
    knob, sign, number = item.partition("=")
    try:
        if not sign:
            raise ValueError
        return knob.strip(), float(number)
    except ValueError:
        raise InvalidInput(
            f"knob of {row.name} must be written knob=number. Got {item.strip()!r}. "
            f"Its knobs: {', '.join(row.knobs) or 'none'}."
        ) from None


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
