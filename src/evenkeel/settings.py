"""The one frozen description of a run: command line, Python, ``run.json`` and resume read it."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_choice, check_number
from evenkeel.catalogue import OBJECT, find_remedies, find_remedy, usual_remedies
from evenkeel.decide import Policy
from evenkeel.decide.cost_matrix import in_order, read_cost_matrix
from evenkeel.decide.request import Request, read_share
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.learners import LEARNERS
from evenkeel.metrics import METRICS
from evenkeel.place import Place
from evenkeel.split import check_asked
from evenkeel.words import plain, read_bytes, read_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_POLICY = tuple(field.name for field in fields(Request))
# where, how and how long: what is done stays what it is, and what failed is tried again
_WHERE = ("backend", "address", "trial_memory", "trial_timeout")
_PLACE = ("out", "jobs", "time_budget", *_WHERE)
_READ = {"time_budget": read_seconds, "trial_timeout": read_seconds, "trial_memory": read_bytes}
_LISTS = ("remedies", "learners", "drop", "keep")
_SHARES = ("min_precision", "confidence")
_SPLIT = ("test", "test_size", "nested", "repeats", "time", "gap", "label_delay")
_FLAGS = ("header", "drop_missing_target", "quick", "force")
QUICK_FOLDS = 3  # at most, with quick
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
    cost_tp, cost_tn
        Cost of a caught positive and of a row rightly left alone, where these cost anything.
    cost_matrix
        In their place: one row for each true class, one column for each decision, classes in the
        order of the facts (two classes: the positive one last), or with their labels: a file that
        :func:`evenkeel.decide.cost_matrix.read_cost_matrix` reads, or what it gives.
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
    test_size
        Share of the rows that are held out, in (0, 1); None holds out 0.2, or judges nested.
    nested
        Judge every row by choices made without it, in place of a test part; None does so when the
        test part would hold fewer than 30 rows of the rare class and there is no time.
    gap, label_delay
        Least time between training rows and those they are judged by, and how long a label stays
        unknown: ``"7d"`` for dates, a number for numbers. The longer one holds.
    repeats
        How often rows are dealt into folds; None goes by the size of the rare class.
    time_budget
        Seconds for the whole run, or text such as ``"10m"``; None for no limit. Kept within 10 % and
        one fit; the baseline, its last fit, the page and the files come whatever it says, so that
        less than a minute may not be kept.
    search
        Configurations that each remedy with each learner may try on inner folds; 1 tries none
        beside the default. None: 8, or 1 with ``quick``. Always 1 below 50 rows of the rare class.
    quick
        One repeat, three folds at most, no search.
    force
        Go on with fewer than 10 positives.
    seed
        Seed of everything random.
    jobs
        Processes; None takes one for little work and every processor for much, and all of a
        cluster. Results are the same with any number.
    backend, address, trial_memory, trial_timeout
        Where trials run and what one may take, as bytes and seconds or text such as ``"4g"`` and
        ``"5m"``: see :class:`evenkeel.place.Place`.
    """

    target: str | int
    positive: str | None = None
    cost_fn: float | str | None = None
    cost_fp: float | str | None = None
    cost_tp: float | str | None = None
    cost_tn: float | str | None = None
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
    test_size: float | None = None
    nested: bool | None = None
    gap: str | float | None = None
    label_delay: str | float | None = None
    repeats: int | None = None
    time_budget: float | None = None
    search: int | None = None
    quick: bool = False
    force: bool = False
    seed: int = 0
    jobs: int | None = None
    backend: str = "loky"
    address: str | None = None
    trial_memory: int | None = None
    trial_timeout: float | None = None
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
        _ = self.request, self.place
        check_asked(**{name: getattr(self, name) for name in _SPLIT})
        check_number(self.seed, "seed", "run", low=0, whole=True)
        for name in ("jobs", "search"):
            if getattr(self, name) is not None:
                check_number(getattr(self, name), name, "run", low=1, whole=True)
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
        matrix: Any = self.cost_matrix
        if isinstance(matrix, str):
            object.__setattr__(self, "cost_matrix", read_cost_matrix(matrix))
        for name in _SHARES:
            object.__setattr__(self, name, read_share(getattr(self, name), name))
        for name, read in _READ.items():
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, read(getattr(self, name), name))
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
                f"remedies of Settings must be names: of the catalogue, or module:Name. Got "
                f"{foreign[0]!r}. evenkeel.run and evenkeel.compare take objects."
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
    def place(self) -> Place:
        """Where trials run, and what one may take."""
        return Place(**{name: getattr(self, name) for name in _WHERE})

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
        matrix = in_order(self.cost_matrix, None) or ()
        each = (self.cost_fn, self.cost_fp, self.cost_tp, self.cost_tn)
        costs = (*each, *itertools.chain(*matrix))
        return tuple(dict.fromkeys(cost for cost in costs if isinstance(cost, str)))

    def policy(
        self, n_classes: int, *, classes: Sequence[Any] | None = None
    ) -> tuple[Policy, bool]:
        """The policy asked for, and whether it had to be assumed; ``classes`` order a matrix.

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
            else self.request.policy(n_classes, classes=classes)
        )
        policy.check(n_classes)
        return policy, assumed

    def remedy_names(self) -> list[str]:
        """Remedies to compare, the baseline first; those that weigh costs only where there are any."""
        names = find_remedies(",".join(self.remedies or usual_remedies(self.learners)))
        if self.remedies is None and self.has_costs:
            names.append("cost-weight")
        return [name for name in names if self.has_costs or not _needs_costs(name)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``run.json``."""
        return asdict(self)

    @property
    def lasting(self) -> dict[str, Any]:
        """What the outcome of a trial may depend on: all but where, how and how long."""
        return {name: value for name, value in self.to_dict().items() if name not in _PLACE}

    def differences(self, before: Mapping[str, Any]) -> list[str]:
        """What differs in a way that changes results, in words.

        ``before`` is what ``run.json`` holds, and compared as it stands: a file may come from
        anybody, so nothing that it names is looked up or imported.
        """
        mine = self.lasting
        theirs = {name: plain(before.get(name, getattr(Settings, name, None))) for name in mine}
        return [
            f"{name}: {theirs[name]!r} before, {mine[name]!r} now"
            for name in mine
            if mine[name] != theirs[name]
        ]


def _words(remedies: tuple[str, ...]) -> set[str]:
    return {word.strip() for text in remedies for word in text.split(",")}


def _needs_costs(spec: str) -> bool:
    return not spec.endswith(OBJECT) and find_remedy(spec).needs_costs
