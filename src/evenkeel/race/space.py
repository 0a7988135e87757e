"""Which settings a search may try: of a learner, and of a remedy's own knobs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from evenkeel._checks import check_choice
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.evidence import LIMITED, WEAK
from evenkeel.remedy import Combined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

USUAL = 8  # configurations of a run that was told nothing
DIGITS = 3  # of a value that is drawn: it can be read, and typed in again


@dataclass(frozen=True)
class Span:
    """Numbers from ``low`` to ``high``, even on the log scale.

    >>> Span(0.02, 0.2).at(0.5), Span(4, 64, whole=True).at(0.999)
    (0.0632, 64)
    """

    low: float
    high: float
    whole: bool = False

    def at(self, share: float) -> float:
        """The number at a share of the way, in [0, 1), to three digits."""
        value = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        return round(value) if self.whole else float(f"{value:.{DIGITS}g}")


Space = dict[str, "Span | Sequence[Any]"]

# By class, because the learner "lightgbm" is another one where LightGBM cannot be loaded. Trees and
# rounds are not searched: more of them cost time, and a learning rate moves the same balance.
_SPACES: dict[str, Space] = {
    "LGBMClassifier": {
        "learning_rate": Span(0.02, 0.2),
        "num_leaves": Span(4, 64, whole=True),
        "reg_lambda": Span(0.1, 30),
        "min_child_samples": Span(5, 100, whole=True),
    },
    "HistGradientBoostingClassifier": {
        "learning_rate": Span(0.02, 0.2),
        "max_leaf_nodes": Span(4, 64, whole=True),
        "l2_regularization": Span(0.1, 30),
        "min_samples_leaf": Span(5, 100, whole=True),
    },
    "LogisticRegression": {"C": Span(0.001, 100)},
    "TorchClassifier": {
        "lr": Span(0.0003, 0.01),
        "weight_decay": Span(0.00001, 0.1),
    },
    "RandomForestClassifier": {
        "min_samples_leaf": Span(1, 30, whole=True),
        "max_features": Span(0.1, 0.8),
    },
}


@dataclass(frozen=True)
class Configuration:
    """Settings to try: of the learner, by parameter, and of the remedy, by knob.

    Parameters
    ----------
    learner
        Parameter of the learner, as its ``set_params`` takes it, to value.
    knobs
        Place of the part in the remedy, and knob, to value.
    """

    learner: dict[str, Any] = field(default_factory=dict)
    knobs: dict[tuple[int, str], Any] = field(default_factory=dict)

    def remedy(self, remedy: Any) -> Any:
        """The remedy with its knobs set."""
        if not self.knobs:
            return remedy
        parts = tuple(
            part.with_knobs(
                **{knob: value for (at, knob), value in self.knobs.items() if at == place}
            )
            for place, part in enumerate(remedy.parts)
        )
        return Combined(parts) if len(parts) > 1 else parts[0]

    def words(self, remedy: Any) -> dict[str, Any]:
        """Plain settings by name; empty for the default."""
        parts = getattr(remedy, "parts", (remedy,))
        own = {
            knob if len(parts) == 1 else f"{parts[at].name.partition('(')[0]} {knob}": value
            for (at, knob), value in self.knobs.items()
        }
        return {name.rpartition("__")[2]: value for name, value in self.learner.items()} | own


def space_of(learner: Any) -> Space:
    """What may be searched of a learner that evenkeel made itself, by its own parameter names."""
    name, last = learner.steps[-1] if isinstance(learner, Pipeline) else ("", learner)
    prefix = f"{name}__" if name else ""
    return {prefix + key: span for key, span in _SPACES.get(type(last).__name__, {}).items()}


def asked_space(space: Any, learner: Any, *, known: bool = False) -> Space:
    """A space that was given for an estimator: parameter to the values to try.

    None is no space, or where evenkeel made the learner itself, and so ``known``, its usual one.

    Raises
    ------
    InvalidInput, InvalidType
        No mapping to lists of values, a parameter that the estimator has not, or one of a step
        before its last.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> asked_space({"C": [0.1, 1, 10]}, LogisticRegression())
    {'C': [0.1, 1, 10]}
    """
    if space is None:
        return space_of(learner) if known else {}
    rule = "space of compare must hold a list of values for each parameter, such as {'C': [0.1, 1]}"
    if not isinstance(space, dict):
        raise InvalidType(f"{rule}. Got {space!r}.")
    params = learner.get_params()
    for name, values in space.items():
        check_choice(name, params, "parameter in space", "compare")
        if not isinstance(values, list | tuple | np.ndarray) or not len(values):
            raise InvalidType(f"{rule}. Got {values!r} for {name}.")
        if isinstance(learner, Pipeline) and not name.startswith(f"{learner.steps[-1][0]}__"):
            raise InvalidInput(
                "space of compare must name parameters of the last step: the steps before it are "
                f"fitted once for all remedies. Got {name!r}. Compare two pipelines instead."
            )
    return dict(space)


def configurations(space: Space, remedy: Any, n: int, seed: int) -> list[Configuration]:
    """The default, and up to n - 1 others; a learner's settings are the same for every remedy.

    Each parameter's range is cut into n - 1 pieces, and every piece is drawn from once (a Latin
    hypercube), so that few draws cover it. Of a knob the default is one of the values.

    Parameters
    ----------
    space
        Of the learner; not used where the remedy brings a learner of its own.
    remedy
        Anything with ``treat``; knobs that the user set stay as they are.
    n
        How many, 1 or more; fewer where there are not as many different ones.
    seed
        Seed of the draws.

    References
    ----------
    McKay, Beckman and Conover 1979, doi:10.2307/1268522
    """
    default = Configuration()
    if n < 2:
        return [default]
    rng = np.random.default_rng(seed)
    draws = {
        name: _spread(n - 1, rng) for name in space
    }  # before the knobs: alike for all remedies
    rng = np.random.default_rng([seed, 1])
    choices = _free_knobs(remedy)
    places = {knob: _spread(n - 1, rng) for knob in choices}
    used = {} if getattr(remedy, "own_learner", False) else space
    found = [default]
    for i in range(n - 1):
        knobs = {knob: _pick(choices[knob], places[knob][i]) for knob in choices}
        one = Configuration(
            {
                name: span.at(draws[name][i])
                if isinstance(span, Span)
                else _pick(span, draws[name][i])
                for name, span in used.items()
            },
            {knob: value for knob, value in knobs.items() if value is not None},
        )
        if one not in found:
            found.append(one)
    return found


def _free_knobs(remedy: Any) -> Mapping[tuple[int, str], tuple[Any, ...]]:
    """Values to try of each knob that the user has not set; None leaves it as it is."""
    return {
        (at, name): (None, *knob.search)
        for at, part in enumerate(getattr(remedy, "parts", (remedy,)))
        for name, knob in getattr(part, "knobs", {}).items()
        if knob.search and (knob.parameter or name) not in part.params
    }


def _spread(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One share of the way in each of n equal pieces of [0, 1), in random order."""
    return (rng.permutation(n) + rng.random(n)) / n


def _pick(values: Sequence[Any], share: float) -> Any:
    value = values[int(share * len(values))]
    return value.item() if isinstance(value, np.generic) else value


def how_many(asked: int | None, positives: int, *, quick: bool = False) -> tuple[int, str]:
    """Configurations that a run searches, and one sentence on them.

    Parameters
    ----------
    asked
        What the user asked for; None leaves it to the data.
    positives
        Rows of the rarest class that can be compared.
    quick
        Whether the user is in a hurry.

    Examples
    --------
    >>> how_many(None, 40)
    (1, 'Default settings throughout: a search on 40 rare rows (fewer than 200) would choose noise.')
    """
    wanted = (1 if quick else USUAL) if asked is None else asked
    least = LIMITED if asked is None else WEAK
    if wanted > 1 and positives < least:
        return 1, (
            f"Default settings throughout: a search on {positives:,} rare rows (fewer than {least}) "
            + ("would choose noise." if positives < WEAK else "chooses noise too often.")
        )
    if wanted == 1:
        return 1, "Default settings throughout: nothing was searched."
    return wanted, (
        f"{wanted} configurations of every remedy and learner were tried on inner folds; the default "
        "stays unless another is clearly better."
    )
