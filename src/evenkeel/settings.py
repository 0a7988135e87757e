"""The one frozen description of a run: command line, Python, ``run.json`` and resume read it."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_choice, check_number
from evenkeel.catalogue import SHORTLIST, find_remedies, find_remedy
from evenkeel.decide import Policy
from evenkeel.decide.request import Request
from evenkeel.errors import DamagedRun, InvalidInput, InvalidType
from evenkeel.learners import LEARNERS
from evenkeel.metrics import METRICS
from evenkeel.words import plain, read_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY = tuple(field.name for field in fields(Request))
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
    cost_matrix
        In their place: one row for each true class, one column for each decision, classes in the
        order of the facts (two classes: the positive one last).
    metric
        Metric that decides between remedies; a decision metric also sets the threshold.
    scenario
        Policy when no cost is given; a key of :data:`evenkeel.decide.goals.SCENARIOS`.
    capacity, top, min_precision, min_recall, confidence, bands
        What else a policy may be: see :class:`evenkeel.decide.request.Request`.
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
    cost_matrix: tuple[tuple[float | str, ...], ...] | None = None
    metric: str | None = None
    scenario: str | None = None
    capacity: str | float | None = None
    top: int | None = None
    min_precision: float | None = None
    min_recall: float | str | dict[str, str] | None = None
    confidence: float | None = None
    bands: str | tuple[float, float] | None = None
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
        _ = self.request
        check_number(
            self.test_size, "test_size", "run", low=0, high=1, open_low=True, open_high=True
        )
        check_number(self.seed, "seed", "run", low=0, whole=True)
        if self.jobs is not None:
            check_number(self.jobs, "jobs", "run", low=1, whole=True)
        if self.time_budget is not None:
            check_number(self.time_budget, "time_budget", "run", low=0, open_low=True)

    def _make_plain(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, plain(getattr(self, field.name)))
        for name in _LISTS:
            value = getattr(self, name)
            if value is None:
                object.__setattr__(self, name, type(self).__dataclass_fields__[name].default)
            elif isinstance(value, str | int):
                object.__setattr__(self, name, (value,))
            elif not isinstance(value, tuple):
                raise InvalidType(f"{name} of run must be a list of names. Got {value!r}.")
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

    @property
    def request(self) -> Request:
        """The options that make the policy."""
        return Request(**{name: getattr(self, name) for name in _POLICY})

    @property
    def objective(self) -> str | None:
        """The metric that ranks the remedies when one was asked for; F-beta ranks by its policy's."""
        return self.metric if self.metric in METRICS else None

    @property
    def has_costs(self) -> bool:
        """Whether costs were given."""
        return self.cost_fn is not None or self.cost_matrix is not None

    @property
    def cost_columns(self) -> tuple[str, ...]:
        """Columns that hold costs."""
        costs = (self.cost_fn, self.cost_fp, *itertools.chain(*(self.cost_matrix or ())))
        return tuple(dict.fromkeys(cost for cost in costs if isinstance(cost, str)))

    def policy(self, n_classes: int) -> tuple[Policy, bool]:
        """The policy asked for, and whether it had to be assumed.

        Raises
        ------
        InvalidInput
            Costs, a metric or a scenario that cannot serve so many classes.
        """
        if n_classes > 2 and self.cost_fn is not None:
            raise InvalidInput(
                f"cost_fn and cost_fp of run must go with two classes. Got {n_classes} classes. "
                "Name the class that is missed or raised wrongly with --positive."
            )
        assumed = not self.request.given
        policy = (
            Policy.scenario("general", n_classes=n_classes)
            if assumed
            else self.request.policy(n_classes)
        )
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


def _words(remedies: tuple[str, ...]) -> set[str]:
    return {word.strip() for text in remedies for word in text.split(",")}


def _needs_costs(spec: str) -> bool:
    return find_remedy(spec).needs_costs
