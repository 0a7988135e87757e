"""A remedy changes one thing; treating a learner with it gives an ordinary scikit-learn estimator.

``Remedy.treat`` wraps the last step of the outermost :class:`~sklearn.pipeline.Pipeline`, so what
comes before (columns, scaling) is learnt from the rows as they are, and resampling and weights act
on what the model is fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from evenkeel._checks import check_choice, check_number
from evenkeel.class_costs import ClassCostWeighted
from evenkeel.coded import Coded
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.resampled import Resampled
from evenkeel.same_units import SameUnits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHANGES = ("nothing", "rows", "weights", "learner", "decision", "loss", "batches", "augmentation")


@dataclass(frozen=True)
class Knob:
    """A number that a user may set on a remedy, with the values it may take.

    Parameters
    ----------
    low, high
        Range, both ends included unless ``open_low`` says otherwise.
    default
        Value used when the user sets none.
    doc
        One line.
    whole
        Whole numbers only.
    parameter
        Parameter of the target that the value is given to; the knob's own name when empty.
    convert
        Turns the value into what the parameter takes.
    search
        Values that a search of settings tries beside the default; none where it is left alone.
    """

    low: float
    high: float
    default: float | None
    doc: str
    whole: bool = False
    open_low: bool = True
    parameter: str = ""
    convert: Callable[[Any], Any] | None = None
    search: tuple[float, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """Anything that treats imbalance: what it changes, and by what.

    Parameters
    ----------
    name
        Name on the command line and in tables, knobs included.
    target
        Import string of what does it, ``"module:Name"``; empty for nothing.
    changes
        The one thing that changes; one of :data:`CHANGES`.
    doc
        One line.
    source
        Paper with its DOI, or "".
    params
        Parameters given to the target.
    knobs
        What a user may set.
    needs_costs
        Only of use where the policy holds costs.
    learner_as
        For ``changes="learner"``: the parameter of the target that is given the learner. Empty: the
        target brings its own, and is given the learner's columns as numbers.
    neutral
        For ``changes="loss"``: every class weighs as much as before.
    """

    name: str
    target: str
    changes: str
    doc: str
    source: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    needs_costs: bool = False
    learner_as: str = ""
    neutral: bool = False

    @property
    def own_learner(self) -> bool:
        """Whether it takes the learner's place, so that only the columns are the learner's."""
        return self.changes == "learner" and not self.learner_as

    @property
    def balances(self) -> bool:
        """Whether it settles how much each class counts; cleaning, for one, does not."""
        return self.changes in ("weights", "learner") or "ratio" in self.knobs or self.corrects

    @property
    def corrects(self) -> bool:
        """Whether it changes how much each class weighs in the loss; two such correct twice."""
        return self.changes in ("weights", "loss", "batches") and not self.neutral

    @property
    def class_name(self) -> str:
        """Name of the class or function that does it, as Python code imports it; empty for nothing."""
        return self.target.partition(":")[2]

    @property
    def parts(self) -> tuple[Remedy, ...]:
        """The remedies this one is made of: itself."""
        return (self,)

    def with_knobs(self, **values: Any) -> Remedy:
        """The same remedy with knobs set.

        Raises
        ------
        InvalidInput, InvalidType
            Unknown knob, or a value outside its range.
        """
        params = dict(self.params)
        for name, value in values.items():
            if not self.knobs:
                raise InvalidInput(
                    f"knob of {self.name} must be left out: it has none. Got {name!r}."
                )
            check_choice(name, self.knobs, "knob", self.name)
            knob = self.knobs[name]
            check_number(
                value, name, self.name,
                low=knob.low, high=knob.high, open_low=knob.open_low, whole=knob.whole,
            )  # fmt: skip
            params[knob.parameter or name] = knob.convert(value) if knob.convert else value
        shown = ",".join(f"{name}={value:g}" for name, value in values.items())
        return replace(self, name=f"{self.name}({shown})" if shown else self.name, params=params)

    def treat(
        self, estimator: Any, *, seed: int = 0, costs: Mapping[str, Any] | None = None
    ) -> Any:
        """An estimator that fits ``estimator`` with this remedy.

        Parameters
        ----------
        estimator
            A scikit-learn classifier, or a Pipeline that ends in one. It is not changed.
        seed
            Seed of whatever the remedy draws.
        costs
            Used by remedies that weigh costs: ``cost_fn`` and ``cost_fp``, numbers; of several
            classes ``class_costs``, one number for each.

        Returns
        -------
        estimator
            Not fitted; ``predict`` and ``predict_proba`` as before.
        """
        wrap = _WRAPPERS[self.changes]
        if isinstance(estimator, Pipeline):
            name, last = estimator.steps[-1]
            return Pipeline([*estimator.steps[:-1], (name, wrap(self, last, seed, costs or {}))])
        return wrap(self, estimator, seed, costs or {})


@dataclass(frozen=True)
class Combined:
    """Remedies joined with ``+``: the first acts first, later ones see what it left."""

    parts: tuple[Remedy, ...]

    @property
    def name(self) -> str:
        """Names joined with ``+``."""
        return "+".join(part.name for part in self.parts)

    @property
    def changes(self) -> str:
        """What the parts change, joined with ``+``."""
        return "+".join(part.changes for part in self.parts)

    @property
    def needs_costs(self) -> bool:
        """Whether any part needs costs."""
        return any(part.needs_costs for part in self.parts)

    @property
    def own_learner(self) -> bool:
        """Whether a part takes the learner's place."""
        return any(part.own_learner for part in self.parts)

    def treat(
        self, estimator: Any, *, seed: int = 0, costs: Mapping[str, Any] | None = None
    ) -> Any:
        """Treat with the last part innermost, so that weights see the resampled rows."""
        for part in reversed(self.parts):
            estimator = part.treat(estimator, seed=seed, costs=costs)
        return estimator


def _load(target: str) -> Any:
    module, name = target.split(":")
    return getattr(import_module(module), name)


def _leave(remedy: Remedy, model: Any, seed: int, costs: Mapping[str, Any]) -> Any:
    return clone(model)


def resampled(model: Any, resampler: Any) -> Resampled:
    """A classifier fitted on resampled rows; what measures distances does so in the same units."""
    measures = getattr(resampler, "_measures", lambda: False)()
    return Resampled(model, resampler, view=SameUnits() if measures else None)


def _change_rows(remedy: Remedy, model: Any, seed: int, costs: Mapping[str, Any]) -> Any:
    resampler = _load(remedy.target)(**remedy.params)
    if "random_state" in resampler.get_params():
        resampler.set_params(random_state=seed)
    return resampled(model, resampler)


def _change_weights(remedy: Remedy, model: Any, seed: int, costs: Mapping[str, Any]) -> Any:
    if remedy.needs_costs and not costs:
        raise DoesNotApply(
            f"{remedy.name} needs the costs of both errors. Give a policy with costs."
        )
    given = dict(costs) if remedy.needs_costs else {}
    if "class_costs" in given:  # several classes have a cost each, not a miss and a false alarm
        return ClassCostWeighted(model, class_costs=given["class_costs"])
    return _load(remedy.target)(model, **remedy.params, **given)


def _change_learner(remedy: Remedy, model: Any, seed: int, costs: Mapping[str, Any]) -> Any:
    given = {remedy.learner_as: clone(model)} if remedy.learner_as else {}
    ensemble = _load(remedy.target)(random_state=seed, **remedy.params, **given)
    if remedy.learner_as:
        return ensemble
    if "resampler" not in remedy.params:
        return make_pipeline(Coded(), ensemble)
    # trees split alike on any scale; what makes rows needs columns of one unit and without gaps
    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(Coded(refuse=remedy.name), filled, StandardScaler(), ensemble)


def _change_training(remedy: Remedy, model: Any, seed: int, costs: Mapping[str, Any]) -> Any:
    """Set a slot of ``TorchClassifier``, wherever it stands, to an import string."""
    slot = _SLOTS[remedy.changes]
    places = [name for name in model.get_params() if name.rpartition("__")[2] == f"{slot}_options"]
    if not places:
        raise DoesNotApply(
            f"{remedy.name} changes how a network is trained, and {type(model).__name__} is none. Use "
            "the learner torch, or evenkeel.nn.TorchClassifier."
        )
    prefix = min(places, key=len).removesuffix(f"{slot}_options")
    treated = clone(model)
    given = {f"{prefix}{slot}": remedy.target, f"{prefix}{slot}_options": dict(remedy.params)}
    return treated.set_params(**given)


_SLOTS = {"loss": "loss", "batches": "sampler"}
_WRAPPERS: dict[str, Callable[[Remedy, Any, int, Mapping[str, Any]], Any]] = {
    "nothing": _leave,
    "rows": _change_rows,
    "weights": _change_weights,
    "learner": _change_learner,
    "loss": _change_training,
    "batches": _change_training,
}
