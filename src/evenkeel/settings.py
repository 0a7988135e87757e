"""The one frozen description of a run: command line, Python, ``run.json`` and resume read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.catalogue import SHORTLIST, find_remedies, find_remedy
from evenkeel.decide import Policy
from evenkeel.decide.policy import SCENARIOS
from evenkeel.errors import DamagedRun, InvalidInput, InvalidType
from evenkeel.learners import LEARNERS
from evenkeel.metrics import METRICS

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_PLACE = ("out", "jobs")  # where and how a run is made; its result does not depend on them
_LISTS = ("remedies", "learners", "drop", "keep")
_FLAGS = ("header", "drop_missing_target", "quick", "force")
_MODELS = tuple(name for name in LEARNERS if name != "prevalence")  # that one always runs


@dataclass(frozen=True)
class Settings:
    """What a run was asked to do. Values are checked, and made plain, when it is made.

    One name may stand where a list is due (``remedies="smote"``), and paths, numpy scalars and
    lists become what ``run.json`` gives back, so that a resumed run compares equal.

    Parameters
    ----------
    target
        Column to predict: name, or position (-1 is the last).
    positive
        Label of the positive class; makes any target one-against-rest.
    cost_fn, cost_fp
        Cost of a missed positive and of a false alarm: a number, or the name of a column.
    metric
        Metric that decides between remedies; a decision metric also sets the threshold.
    scenario
        Policy when no cost is given; a key of :data:`evenkeel.decide.policy.SCENARIOS`.
    remedies
        Names, knobs included; ``none`` is always among them.
    learners
        Keys of :data:`evenkeel.learners.LEARNERS`; ``prevalence`` always runs and is not named.
    test
        File with the untouched rows, or None to hold out ``test_size`` of the table.
    time_budget
        Seconds for the comparison, or text such as ``"10m"``; None for no limit.
    quick
        One repeat, three folds at most.
    force
        Go on with fewer than 10 positives.
    seed
        Seed of everything random.
    jobs
        Processes; None takes one for little work and every processor for much. Results are the
        same with any number.
    """

    target: str | int
    positive: str | None = None
    cost_fn: float | str | None = None
    cost_fp: float | str | None = None
    metric: str | None = None
    scenario: str | None = None
    remedies: tuple[str, ...] | None = None
    learners: tuple[str, ...] = ("lightgbm",)
    time: str | None = None
    group: str | None = None
    drop: tuple[str | int, ...] = ()
    keep: tuple[str | int, ...] = ()
    names: str | tuple[str, ...] | None = None
    header: bool = True
    map_target: str | dict[str, str] | None = None
    drop_missing_target: bool = False
    test: str | None = None
    test_size: float = 0.2
    time_budget: float | None = None
    quick: bool = False
    force: bool = False
    seed: int = 0
    jobs: int | None = None
    out: str | None = None

    def __post_init__(self) -> None:
        self._make_plain()
        if not self.learners:
            raise InvalidInput(
                f"learners of run must name at least one of {', '.join(_MODELS)}. Got none."
            )
        for name in self.learners:
            check_choice(name, _MODELS, "learner", "run")
        self._check_remedies()
        if self.metric is not None:
            check_choice(self.metric, METRICS, "metric", "run")
        if self.scenario is not None:
            check_choice(self.scenario, SCENARIOS, "scenario", "run")
        check_number(
            self.test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True
        )
        check_number(self.seed, "seed", "run", low=0, whole=True)
        if self.jobs is not None:
            check_number(self.jobs, "jobs", "run", low=1, whole=True)
        if self.time_budget is not None:
            check_number(self.time_budget, "time_budget", "run", low=0, open_low=True)
        self._check_costs()

    def _make_plain(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _plain(getattr(self, field.name)))
        for name in _LISTS:
            value = getattr(self, name)
            if value is None:
                object.__setattr__(self, name, type(self).__dataclass_fields__[name].default)
            elif isinstance(value, str | int):
                object.__setattr__(self, name, (value,))
        object.__setattr__(self, "learners", tuple(dict.fromkeys(self.learners)))
        budget: Any = self.time_budget
        if isinstance(budget, str):
            object.__setattr__(self, "time_budget", read_seconds(budget))
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise InvalidType(
                    f"{name} of run must be True or False. Got {getattr(self, name)!r}."
                )

    def _check_remedies(self) -> None:
        if self.remedies is None:
            return
        given: tuple[Any, ...] = self.remedies
        foreign = [remedy for remedy in given if not isinstance(remedy, str)]
        if foreign:
            raise InvalidType(
                f"remedies of run must be names of the catalogue. Got {foreign[0]!r}. "
                "evenkeel.compare takes objects."
            )
        costly = [name for name in find_remedies(",".join(self.remedies)) if _needs_costs(name)]
        if costly and not self.has_costs and "all" not in _words(self.remedies):
            raise InvalidInput(
                f"remedy {costly[0]!r} of run must go with costs. Got none. Give cost_fn and cost_fp "
                "(--cost-fn and --cost-fp)."
            )

    def _check_costs(self) -> None:
        if (self.cost_fn is None) != (self.cost_fp is None):
            raise InvalidInput(
                "cost_fn and cost_fp of run must be given together. Got only "
                f"{'cost_fn' if self.cost_fp is None else 'cost_fp'}. Give both, or neither."
            )
        if self.has_costs:
            Policy(cost_fn=self.cost_fn, cost_fp=self.cost_fp)
        elif self.metric == "cost":
            raise InvalidInput(
                "metric 'cost' of run must go with costs. Got none. Give cost_fn and cost_fp "
                "(--cost-fn and --cost-fp)."
            )

    @property
    def has_costs(self) -> bool:
        """Whether costs were given."""
        return self.cost_fn is not None

    @property
    def cost_columns(self) -> tuple[str, ...]:
        """Columns that hold costs."""
        return tuple(cost for cost in (self.cost_fn, self.cost_fp) if isinstance(cost, str))

    def policy(self, n_classes: int) -> tuple[Policy, bool]:
        """The policy asked for, and whether it had to be assumed.

        Raises
        ------
        InvalidInput
            Costs, a metric or a scenario that cannot serve so many classes.
        """
        assumed = False
        if self.has_costs:
            if n_classes > 2:
                raise InvalidInput(
                    f"cost_fn and cost_fp of run must go with two classes. Got {n_classes} classes. "
                    "Name the class that is missed or raised wrongly with --positive."
                )
            policy = Policy(cost_fn=self.cost_fn, cost_fp=self.cost_fp)
        elif self.metric is not None and METRICS[self.metric].kind == "decision":
            policy = Policy.metric(self.metric)
        else:
            assumed = self.scenario is None
            policy = Policy.scenario(self.scenario or "general", n_classes=n_classes)
        policy.check(n_classes)
        return policy, assumed

    def remedy_names(self) -> list[str]:
        """Remedies to compare, the baseline first; those that weigh costs only where there are any."""
        names = find_remedies(",".join(self.remedies or SHORTLIST))
        if self.remedies is None and self.has_costs:
            names.append("cost-weight")
        return [name for name in names if self.has_costs or not _needs_costs(name)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``run.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """The settings that ``run.json`` holds.

        Raises
        ------
        DamagedRun
            They are not what a run was ever asked to do.
        """
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in values.items() if name in known})
        except (TypeError, ValueError, AttributeError) as error:
            raise DamagedRun(f"The settings in run.json cannot be used: {error}") from error

    def differences(self, other: Settings) -> list[str]:
        """What differs in a way that changes results, in words."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [
            f"{name}: {theirs[name]!r} before, {mine[name]!r} now"
            for name in mine
            if name not in _PLACE and mine[name] != theirs[name]
        ]


def _plain(value: Any) -> Any:
    """What JSON can hold and gives back the same, lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): str(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value


def _words(remedies: tuple[str, ...]) -> set[str]:
    return {word.strip() for text in remedies for word in text.split(",")}


def _needs_costs(spec: str) -> bool:
    return find_remedy(spec).needs_costs


def read_cost(text: str) -> float | str:
    """A cost from the command line: a number, or the name of a column.

    >>> read_cost("122"), read_cost("amount")
    (122.0, 'amount')
    """
    try:
        return float(text)
    except ValueError:
        return text


def read_seconds(text: str) -> float:
    """Seconds from ``90``, ``90s``, ``10m``, ``1.5h`` or ``1d``.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> read_seconds("10m")
    600.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
    if match is None or float(match[1]) == 0:
        raise InvalidInput(
            f"time_budget of run must be a time such as 90s, 10m or 1h. Got {text!r}."
        )
    return float(match[1]) * _UNITS[match[2]]
