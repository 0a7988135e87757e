"""Calibrated probabilities, exact thresholds, and decisions in the user's own terms.

Files import from the ones above them: calibrate, reliability, cost, threshold, multiclass, spread,
policy, decision, choose, settle.
"""

from evenkeel.decide.calibrate import Platt
from evenkeel.decide.choose import choose
from evenkeel.decide.cost import Costs
from evenkeel.decide.decision import Decision
from evenkeel.decide.policy import Policy
from evenkeel.decide.reliability import diagnose, reliability
from evenkeel.decide.settle import Settled, settle
from evenkeel.decide.threshold import Curve, threshold_curve

__all__ = [
    "Costs",
    "Curve",
    "Decision",
    "Platt",
    "Policy",
    "Settled",
    "choose",
    "diagnose",
    "reliability",
    "settle",
    "threshold_curve",
]
