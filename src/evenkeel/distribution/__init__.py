"""How a target is distributed over its classes, what that suggests, and how many rows are wanted."""

from evenkeel.distribution.advice import Advice
from evenkeel.distribution.counts import Distribution, analyze, effective_number
from evenkeel.distribution.labels import encode, positive_last
from evenkeel.distribution.strategy import Ratio, wanted, wanted_ratio

__all__ = [
    "Advice",
    "Distribution",
    "Ratio",
    "analyze",
    "effective_number",
    "encode",
    "positive_last",
    "wanted",
    "wanted_ratio",
]
