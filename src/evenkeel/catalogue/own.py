"""Remedies that are no row of the catalogue: objects, and classes named ``module:Name``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, getsource, getsourcefile, isroutine, signature
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from evenkeel._checks import did_you_mean
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.foreign_resampled import ForeignResampled
from evenkeel.remedy import Combined, Remedy, resampled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OBJECT = " (object)"  # ends the name of a remedy that only the Python program at work knows
SPEC = re.compile(r"\s*[A-Za-z_][\w.]*:[A-Za-z_]\w*\s*")
_KINDS = (
    "have treat(estimator), fit_resample(X, y), or fit and predict_proba, as a remedy, a sampler "
    "or a classifier does"
)


@dataclass(frozen=True)
class Own:
    """A remedy made of an object: one with ``treat``, a sampler, or a classifier.

    Parameters
    ----------
    name
        Name in tables.
    thing
        ``treat(estimator)`` gives an estimator, and is told ``seed=`` and ``costs=`` where it takes
        them. A sampler (``plan`` or ``fit_resample``) acts on the rows of each fit. A classifier or
        pipeline takes the learner's place, on the learner's columns.
    """

    name: str
    thing: Any

    @property
    def changes(self) -> str:
        """What it says it changes; samplers change rows, the others the learner."""
        rows = hasattr(self.thing, "fit_resample") and not hasattr(self.thing, "treat")
        return str(getattr(self.thing, "changes", "rows" if rows else "learner"))

    @property
    def needs_costs(self) -> bool:
        """Whether it says that it needs costs."""
        return bool(getattr(self.thing, "needs_costs", False))

    @property
    def own_learner(self) -> bool:
        """Whether it says that it takes the learner's place."""
        return bool(getattr(self.thing, "own_learner", False))

    @property
    def fingerprint(self) -> str:
        """A hex digest of its class, what it holds and its source; the same in every process."""
        return _digest(json.dumps(_described(self.thing, {})).encode())

    def treat(
        self, estimator: Any, *, seed: int = 0, costs: Mapping[str, Any] | None = None
    ) -> Any:
        """Treat the last step of a Pipeline, or the whole of any other estimator."""
        if isinstance(estimator, Pipeline):
            name, last = estimator.steps[-1]
            return Pipeline([*estimator.steps[:-1], (name, self._treated(last, seed, costs))])
        return self._treated(estimator, seed, costs)

    def _treated(self, model: Any, seed: int, costs: Mapping[str, Any] | None) -> Any:
        if hasattr(self.thing, "treat"):
            told = {"seed": seed, "costs": costs or {}}
            return self.thing.treat(clone(model), **_taken(self.thing.treat, told))
        thing = clone(self.thing)
        unset = [name for name, value in thing.get_params().items() if value is None]
        thing.set_params(**{n: seed for n in unset if n.rpartition("__")[2] == "random_state"})
        if hasattr(thing, "plan"):
            return resampled(model, thing)
        return ForeignResampled(model, thing) if hasattr(thing, "fit_resample") else thing


def own_remedy(thing: Any, name: str = "", *, owner: str = "compare") -> Own:
    """A remedy made of an object, or of a class, which is called without arguments.

    Raises
    ------
    InvalidType
        It can neither treat, nor resample, nor classify.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> own_remedy(GaussianNB()).name
    'gaussian-nb'
    """
    if isinstance(thing, type):
        try:
            thing = thing()
        except TypeError as error:
            raise InvalidType(
                f"remedies of {owner} must be made without arguments where a class is given. "
                f"{thing.__name__} needs some: {error}. Give the object, or a class that sets them."
            ) from error
    classifies = hasattr(thing, "fit") and hasattr(thing, "predict_proba")
    resamples = hasattr(thing, "fit_resample") or hasattr(thing, "plan")
    copies = hasattr(thing, "get_params")
    if not callable(getattr(thing, "treat", None)) and not (copies and (classifies or resamples)):
        raise InvalidType(
            f"remedies of {owner} must be a list of names, or of objects that {_KINDS}. Got "
            f"{thing!r} among them."
        )
    return Own(name or kebab(type(thing).__name__), thing)


def import_remedy(spec: str, *, owner: str = "run") -> Own:
    """The remedy that ``module:Name`` names; the current folder is looked in too.

    Raises
    ------
    InvalidInput, InvalidType
        No such module, no such name in it, or something that is no remedy.
    """
    spec = spec.strip()
    module, _, name = spec.partition(":")
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # last: no file of the folder stands in for an installed module
    try:
        found = import_module(module)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name in (
            module,
            module.partition(".")[0],
        )
        what = (
            f"There is no module {module!r} in {here} or among those installed"
            if missing
            else f"{module} cannot be imported ({type(error).__name__}: {error})"
        )
        raise InvalidInput(
            f"remedy {spec!r} of {owner} must name a module and a remedy in it. {what}."
        ) from error
    if not hasattr(found, name):
        known = [word for word in vars(found) if not word.startswith("_")]
        raise InvalidInput(
            f"remedy {spec!r} of {owner} must name a remedy of {module}. It has no {name!r}. "
            f"{did_you_mean(name, known)}".rstrip()
        )
    return own_remedy(getattr(found, name), spec, owner=owner)


def named(remedies: Iterable[Any], *, owner: str = "compare") -> list[Remedy | Combined | Own]:
    """Remedies, those made of objects among them; a name made of a class is made unique.

    >>> from sklearn.naive_bayes import GaussianNB
    >>> [one.name for one in named([GaussianNB(), GaussianNB(var_smoothing=0.1)])]
    ['gaussian-nb', 'gaussian-nb-2']
    """
    given = list(remedies)
    words = [getattr(one, "name", None) for one in given]
    used = {"none", *(word for word in words if isinstance(word, str))}
    found: list[Remedy | Combined | Own] = []
    for thing, word in zip(given, words, strict=True):
        if isinstance(thing, Remedy | Combined | Own):
            found.append(thing)
            continue
        one = own_remedy(thing, word if isinstance(word, str) else "", owner=owner)
        name, number = one.name, 2
        while not isinstance(word, str) and name in used:
            name, number = f"{one.name}-{number}", number + 1
        used.add(name)
        found.append(Own(name, one.thing))
    return found


def as_texts(remedies: Any) -> tuple[Any, dict[str, Own]]:
    """The remedies of a run as texts, for ``run.json``, and the objects that some texts stand for.

    Raises
    ------
    InvalidInput, InvalidType
        Something that is no remedy, or one name for two objects.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> as_texts(["smote", GaussianNB()])[0]
    ('smote', 'gaussian-nb (object)')
    """
    if remedies is None or isinstance(remedies, str):
        return remedies, {}
    given = list(remedies) if isinstance(remedies, list | tuple | set | frozenset) else [remedies]
    found = iter(named([one for one in given if not isinstance(one, str)], owner="run"))
    texts, objects = [], {}
    for one in given:
        if isinstance(one, str):
            texts.append(one)
            continue
        remedy = next(found)
        if not isinstance(remedy, Own):
            if _in_catalogue(remedy):
                texts.append(remedy.name)
                continue
            remedy = Own(remedy.name, remedy)  # the name alone would stand for another
        text = remedy.name + OBJECT
        if "," in text or text in objects:
            raise InvalidInput(
                "remedies of run must have different names, without commas. Got "
                f"{remedy.name!r}. Rename one."
            )
        texts.append(text)
        objects[text] = Own(text, remedy.thing)
    return tuple(texts), objects


def _in_catalogue(remedy: Remedy | Combined) -> bool:
    from evenkeel.catalogue.specs import find_remedy  # it needs this file

    with suppress(ValueError):  # no such name; arrays among params have no one answer
        return find_remedy(remedy.name) == remedy
    return False


def kebab(name: str) -> str:
    """A class name as remedies are named.

    >>> kebab("SMOTETomek"), kebab("MyRemedy2"), kebab("_Own")
    ('smote-tomek', 'my-remedy2', 'own')
    """
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return parts.replace("_", "-").strip("-").lower()


def _taken(call: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that a function takes."""
    known = signature(call).parameters
    every = any(one.kind is Parameter.VAR_KEYWORD for one in known.values())
    return {name: value for name, value in given.items() if every or name in known}


def _described(value: Any, seen: dict[int, Any]) -> Any:
    """What a value is made of, as JSON can hold it: by content and source, never by address."""
    if value is None or isinstance(value, str | bytes | int | float | complex | ModuleType):
        return repr(value)
    if id(value) in seen:
        return "(seen)"
    seen[id(value)] = value  # held, so that no later value has its address
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return [str(value.dtype), value.shape, _digest(value.tobytes())]
    if hasattr(value, "to_numpy"):  # a frame or a series shows only its ends
        return [_shown(getattr(value, "columns", "")), _described(value.to_numpy().tolist(), seen)]
    if isinstance(value, dict):
        return [[_described(part, seen) for part in item] for item in value.items()]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_described(part, seen) for part in value)]
    if isinstance(value, set | frozenset):
        return sorted(_shown(part) for part in value)
    if isinstance(value, type) or isroutine(value):
        return _source_of(value)
    sources = [_source_of(base) for base in type(value).__mro__[:-1]]
    if hasattr(value, "get_params"):
        return [sources, _described(value.get_params(deep=False), seen)]
    held = dict(getattr(value, "__dict__", {}))
    return [sources, _shown(value), _described(held, seen)]


def _shown(value: Any) -> str:
    return re.sub(r" at 0x\w+", "", repr(value))


def _source_of(thing: Any) -> list[str | None]:
    """Where a class or function is from, and a digest of the file; in a script, of itself alone."""
    module = getattr(thing, "__module__", None)
    named = f"{module}.{getattr(thing, '__qualname__', thing)}"
    try:
        if module == "__main__":  # the script around it may well change, to say resume=True
            return [named, _digest(getsource(thing).encode())]
        return [named, _digest(Path(getsourcefile(thing) or "").read_bytes())]
    except (OSError, TypeError):  # compiled, or typed at a prompt
        return [named, None]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
