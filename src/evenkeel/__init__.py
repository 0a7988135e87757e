"""Learning from imbalanced data: look, treat, judge, decide, show and ship.

Names are imported when they are first used: ``import evenkeel`` loads no other library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenkeel.decide import Decision, Policy
    from evenkeel.decide.classifier import DecidedClassifier
    from evenkeel.distribution import Distribution, analyze
    from evenkeel.finished import Run
    from evenkeel.job import run
    from evenkeel.race import Comparison, compare
    from evenkeel.reweight import class_weights
    from evenkeel.verdict import Assessment, assess
    from evenkeel.wrappers import Resampled

__version__ = "0.1.0"

_HOME = {
    "Assessment": "verdict",
    "Comparison": "race",
    "DecidedClassifier": "decide.classifier",
    "Decision": "decide",
    "Distribution": "distribution",
    "Policy": "decide",
    "Resampled": "wrappers",
    "Run": "finished",
    "analyze": "distribution",
    "assess": "verdict",
    "class_weights": "reweight",
    "compare": "race",
    "run": "job",
}

__all__ = [
    "Assessment",
    "Comparison",
    "DecidedClassifier",
    "Decision",
    "Distribution",
    "Policy",
    "Resampled",
    "Run",
    "analyze",
    "assess",
    "class_weights",
    "compare",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'evenkeel' has no attribute {name!r}")
    value = getattr(import_module(f"evenkeel.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
