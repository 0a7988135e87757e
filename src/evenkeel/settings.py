"""The one frozen description of a run: command line, Python, ``run.json`` and resume read it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_choice, check_number
from evenkeel.catalogue import SHORTLIST, find_remedies
from evenkeel.decide import Policy
from evenkeel.decide.policy import SCENARIOS
from evenkeel.errors import InvalidInput
from evenkeel.learners import LEARNERS
from evenkeel.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_PLACE = ("out", "jobs")  # where and how a run is made; its result does not depend on them


@dataclass(frozen=True)
class Settings:
    """What a run was asked to do. Values are checked when it is made.

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
        Keys of :data:`evenkeel.learners.LEARNERS`.
    test
        File with the untouched rows, or None to hold out ``test_size`` of the table.
    time_budget
        Seconds for the comparison, or None.
    quick
        One repeat, three folds at most.
    force
        Go on with fewer than 10 positives.
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
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    names: str | tuple[str, ...] | None = None
    header: bool = True
    map_target: str | None = None
    drop_missing_target: bool = False
    test: str | None = None
    test_size: float = 0.2
    time_budget: float | None = None
    quick: bool = False
    force: bool = False
    seed: int = 0
    jobs: int = 1
    out: str | None = None

    def __post_init__(self) -> None:
        for name in self.learners:
            check_choice(name, LEARNERS, "learner", "run")
        if self.remedies is not None:
            find_remedies(",".join(self.remedies))
        if self.metric is not None:
            check_choice(self.metric, METRICS, "metric", "run")
        if self.scenario is not None:
            check_choice(self.scenario, SCENARIOS, "scenario", "run")
        check_number(
            self.test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True
        )
        check_number(self.seed, "seed", "run", low=0, whole=True)
        check_number(self.jobs, "jobs", "run", low=1, whole=True)
        if self.time_budget is not None:
            check_number(self.time_budget, "time_budget", "run", low=0, open_low=True)
        if (self.cost_fn is None) != (self.cost_fp is None):
            raise InvalidInput(
                "cost_fn and cost_fp of run must be given together. Got only "
                f"{'cost_fn' if self.cost_fp is None else 'cost_fp'}. Give both, or neither."
            )
        if self.has_costs:
            Policy(cost_fn=self.cost_fn, cost_fp=self.cost_fp)

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
            Costs for a target with more than two classes.
        """
        if self.has_costs:
            if n_classes > 2:
                raise InvalidInput(
                    f"cost_fn and cost_fp of run must go with two classes. Got {n_classes} classes. "
                    "Name the class that is missed or raised wrongly with --positive."
                )
            return Policy(cost_fn=self.cost_fn, cost_fp=self.cost_fp), False
        if self.metric is not None and METRICS[self.metric].kind == "decision":
            return Policy.metric(self.metric), False
        if self.scenario is not None:
            return Policy.scenario(self.scenario, n_classes=n_classes), False
        return Policy.scenario("general", n_classes=n_classes), True

    def remedy_names(self) -> list[str]:
        """Remedies to compare, the baseline first."""
        names = find_remedies(",".join(self.remedies or SHORTLIST))
        if self.remedies is None and self.has_costs:
            names.append("cost-weight")
        return names

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``run.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """The settings that ``run.json`` holds."""
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in known
        }
        return cls(**given)

    def differences(self, other: Settings) -> list[str]:
        """What differs in a way that changes results, in words."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [
            f"{name}: {theirs[name]!r} before, {mine[name]!r} now"
            for name in mine
            if name not in _PLACE and mine[name] != theirs[name]
        ]


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
