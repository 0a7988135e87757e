"""Resamplers one after another."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.utils import get_tags

from evenkeel.chance import generator_of
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.resample.base import Resampler
from evenkeel.resample.checks import check_resampler

if TYPE_CHECKING:
    from evenkeel.plan import Plan
    from evenkeel.resample.base import Task


class Joined(Resampler):
    """A resampler that does others one after another. A member writes :meth:`_links`.

    The plan is the plans of the steps joined by :meth:`evenkeel.plan.Plan.then`, so it makes exactly
    the rows that the steps would make one after another, and traces each to a row of the table.
    """

    _kind = "over"  # what the ensembles of imbalanced-learn take a joined resampler for
    random_state: Any

    @abstractmethod
    def _links(self) -> list[tuple[str, Any]]:
        """Names and resamplers, in order; they are not changed."""

    def fit(self, X: Any, y: Any) -> Joined:
        """Check the input, for all steps: later ones judge what the earlier ones leave.

        Parameters
        ----------
        X, y
            As for :meth:`fit_resample`.
        """
        self.plan(X, y)
        return self

    def plan(self, X: Any, y: Any) -> Plan:
        """Plans of the steps, joined.

        Parameters
        ----------
        X, y
            As for :meth:`fit_resample`.

        Returns
        -------
        Plan
            ``plan.apply(X, y)`` is what :meth:`fit_resample` returns.
        """
        first, *later = self._ready(X, y)
        plan: Plan = first.plan(X, y)
        part, labels = X, y
        before = plan
        for step in later:
            part, labels = before.apply(part, labels)
            before = step.plan(part, labels)
            plan = plan.then(before)
        self._learnt()
        self.__dict__.pop("sample_indices_", None)
        if all(hasattr(step, "sample_indices_") for step in (first, *later)):
            self.sample_indices_ = plan.origin().astype("intp")
        return plan

    def _ready(self, X: Any, y: Any) -> list[Any]:
        """Copies of the steps; those without a seed of their own share one generator."""
        self._check_parameters()
        random = generator_of(self.random_state, type(self).__name__)
        steps = []
        for name, step in self._links():
            check_resampler(step, f"step {name!r} of {type(self).__name__}")
            fresh = clone(step)
            if fresh.get_params(deep=False).get("random_state", 0) is None:
                fresh.set_params(random_state=random)
            steps.append(fresh)
        self._keep_steps(steps)
        return steps

    def _keep_steps(self, steps: list[Any]) -> None:
        """Store the copies under their fitted names."""
        self.steps_ = steps

    def _learnt(self) -> None:
        """Take over what the first step learnt of the table."""
        first = self.steps_[0]
        for name in ("n_features_in_", "feature_names_in_", "sampling_strategy_"):
            self.__dict__.pop(name, None)
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))

    def _measures(self) -> bool:
        return any(getattr(step, "_measures", lambda: False)() for _, step in self._links())

    def _decide(self, task: Task) -> Plan:
        return self.plan(task.X, task.codes)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        parts = [get_tags(step) for _, step in self._links()]
        for name in ("sparse", "string", "allow_nan"):
            setattr(tags.input_tags, name, all(getattr(part.input_tags, name) for part in parts))
        tags.sampler_tags.sample_indices = all(
            getattr(getattr(part, "sampler_tags", None), "sample_indices", False) for part in parts
        )
        return tags


class Chain(Joined):
    """Do any resamplers one after another: the second works on what the first left, and so on.

    Parameters
    ----------
    steps
        Resamplers, at least one; or pairs of a name and a resampler, whose parameters are then
        reached as ``name__parameter``. Resamplers without a name are named by their class in
        lower case, and numbered where a class comes more than once. In a pair, None or
        ``"passthrough"`` leaves the step out, so that a grid can switch it off; one must be left.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time. One generator is made from it and shared by the steps whose own ``random_state``
        is None.

    Attributes
    ----------
    steps_
        Fitted copies of the resamplers.
    sampling_strategy_
        That of the first step.
    sample_indices_
        Row of ``X`` of each output row, ``(n_out,)``, when every step has it.

    Raises
    ------
    InvalidInput, InvalidType
        No steps, equal names, or something that is no resampler.

    References
    ----------
    Batista, Prati and Monard 2004, "A study of the behavior of several methods for balancing machine
    learning training data", ACM SIGKDD Explorations 6(1). doi:10.1145/1007730.1007735

    Examples
    --------
    >>> from evenkeel.resample import SMOTE, RandomUnderSampler
    >>> both = Chain([RandomUnderSampler(sampling_strategy=0.25), SMOTE(k_neighbors=1)], random_state=0)
    >>> X, y = [[float(i)] for i in range(20)], ["no"] * 18 + ["yes"] * 2
    >>> y_new = both.fit_resample(X, y)[1]
    >>> y_new.count("no"), y_new.count("yes")
    (8, 8)
    >>> both.set_params(randomundersampler__sampling_strategy=0.5).fit_resample(X, y)[1].count("no")
    4
    """

    def __init__(self, steps: Any, *, random_state: Any = None) -> None:
        self.steps = steps
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; with ``deep`` also the steps by name, and their parameters.

        Parameters
        ----------
        deep
            Include the steps.
        """
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name, step in _named(self.steps):
                params[name] = step
                if hasattr(step, "get_params") and not isinstance(step, type):
                    inner = step.get_params(deep=True)
                    params |= {f"{name}__{key}": value for key, value in inner.items()}
        return params

    def set_params(self, **params: Any) -> Chain:
        """Set parameters by the names that :meth:`get_params` gives.

        Parameters
        ----------
        **params
            ``steps`` is set first, then whole steps, then their parameters.
        """
        if "steps" in params:
            self.steps = params.pop("steps")
        names = [name for name, _ in _named(self.steps)]
        for name in [name for name in names if name in params]:
            place, step = names.index(name), params.pop(name)
            entry = (name, step) if isinstance(self.steps[place], tuple) else step
            self.steps = [*self.steps[:place], entry, *self.steps[place + 1 :]]
        super().set_params(**params)
        return self

    def _check_parameters(self) -> None:
        if not isinstance(self.steps, (list, tuple)):
            raise InvalidType(
                f"steps of Chain must be a list of resamplers, or of pairs of a name and a "
                f"resampler. Got {self.steps!r}."
            )
        named = _named(self.steps)
        if not named:
            raise InvalidInput("steps of Chain must hold at least one resampler. Got none.")
        if not self._links():
            raise InvalidInput(
                "steps of Chain must hold at least one resampler. Got none that does anything."
            )
        names = [name for name, _ in named]
        odd = [name for name in names if not isinstance(name, str) or "__" in name]
        if odd or len(set(names)) < len(names) or {"steps", "random_state"} & set(names):
            raise InvalidInput(
                "names of the steps of Chain must be different words without '__', and none of "
                f"'steps', 'random_state'. Got {names}."
            )

    def _links(self) -> list[tuple[str, Any]]:
        named = zip(_named(self.steps), self.steps, strict=False)
        return [
            link for link, given in named if not (isinstance(given, tuple) and _is_off(link[1]))
        ]


def _is_off(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _named(steps: Any) -> list[tuple[str, Any]]:
    """Pairs of a name and a step; unnamed steps are named by their class."""
    if not isinstance(steps, (list, tuple)):
        return []
    given = [isinstance(step, tuple) and len(step) == 2 for step in steps]
    words = [
        step[0] if named else type(step).__name__.lower()
        for step, named in zip(steps, given, strict=True)
    ]
    pairs = []
    for place, step in enumerate(steps):
        word = words[place]
        if given[place]:
            pairs.append((word, step[1]))
        else:
            number = f"-{words[: place + 1].count(word)}" if words.count(word) > 1 else ""
            pairs.append((f"{word}{number}", step))
    return pairs
