"""Learning from imbalanced data: look, treat, judge, decide, show and ship.

Names are imported when they are first used: ``import evenkeel`` loads no other library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenkeel.decide import Decision, Policy, threshold_curve
    from evenkeel.decide.classifier import DecidedClassifier
    from evenkeel.decide.multilabel_classifier import DecidedMultilabelClassifier
    from evenkeel.distribution import Distribution, analyze
    from evenkeel.finished import Run
    from evenkeel.job import run
    from evenkeel.later_truth import evaluate_run
    from evenkeel.objective_classifier import ObjectiveClassifier
    from evenkeel.objectives import FalseNegativeObjective, FocalObjective
    from evenkeel.race import Comparison, compare
    from evenkeel.redecide import decide_again
    from evenkeel.resampled import Resampled
    from evenkeel.reweight import class_weights
    from evenkeel.verdict import Assessment, assess

__version__ = "0.1.0"

_HOME = {
    "Assessment": "verdict",
    "Comparison": "race",
    "DecidedClassifier": "decide.classifier",
    "DecidedMultilabelClassifier": "decide.multilabel_classifier",
    "Decision": "decide",
    "Distribution": "distribution",
    "FalseNegativeObjective": "objectives",
    "FocalObjective": "objectives",
    "ObjectiveClassifier": "objective_classifier",
    "Policy": "decide",
    "Resampled": "resampled",
    "Run": "finished",
    "analyze": "distribution",
    "assess": "verdict",
    "class_weights": "reweight",
    "compare": "race",
    "decide_again": "redecide",
    "evaluate_run": "later_truth",
    "run": "job",
    "threshold_curve": "decide",
}

__all__ = [
    "Assessment",
    "Comparison",
    "DecidedClassifier",
    "DecidedMultilabelClassifier",
    "Decision",
    "Distribution",
    "FalseNegativeObjective",
    "FocalObjective",
    "ObjectiveClassifier",
    "Policy",
    "Resampled",
    "Run",
    "analyze",
    "assess",
    "class_weights",
    "compare",
    "decide_again",
    "evaluate_run",
    "run",
    "threshold_curve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'evenkeel' has no attribute {name!r}")
    value = getattr(import_module(f"evenkeel.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
