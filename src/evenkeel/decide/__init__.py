"""Calibrated probabilities, exact thresholds, and decisions in the user's own terms.

Files import from the ones above them: odds, platt, isotonic, beta, temperature, prior,
estimate_prior, calibrate, reliability, periods, capacity, amounts, cost, cost_matrix, threshold, benefit,
guarantee, class_goal, floors, multiclass, spread, goals, policy, request, decision, binary, choose,
settle, label_policy, micro, multilabel_decision, multilabel. The classifiers (classifier, multilabel_classifier) need
scikit-learn and are not imported here.
"""

from evenkeel.decide.benefit import cost_curve, cost_range, decision_curve
from evenkeel.decide.beta import Beta
from evenkeel.decide.calibrate import Calibrator, Unchanged, calibrator_from_dict, fit_calibrator
from evenkeel.decide.capacity import Capacity
from evenkeel.decide.choose import choose
from evenkeel.decide.cost import Costs
from evenkeel.decide.decision import Decision
from evenkeel.decide.estimate_prior import PriorEstimate, estimate_prior
from evenkeel.decide.guarantee import Guarantee, guaranteed
from evenkeel.decide.isotonic import Isotonic
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.multilabel import choose_labels
from evenkeel.decide.multilabel_decision import MultilabelDecision
from evenkeel.decide.platt import Platt
from evenkeel.decide.policy import Policy
from evenkeel.decide.prior import Chained, PriorShift
from evenkeel.decide.reliability import diagnose, reliability
from evenkeel.decide.request import Request
from evenkeel.decide.settle import Settled, settle
from evenkeel.decide.temperature import Temperature
from evenkeel.decide.threshold import Curve, threshold_curve

__all__ = [
    "Beta",
    "Calibrator",
    "Capacity",
    "Chained",
    "Costs",
    "Curve",
    "Decision",
    "Guarantee",
    "Isotonic",
    "LabelPolicy",
    "MultilabelDecision",
    "Platt",
    "Policy",
    "PriorEstimate",
    "PriorShift",
    "Request",
    "Settled",
    "Temperature",
    "Unchanged",
    "calibrator_from_dict",
    "choose",
    "choose_labels",
    "cost_curve",
    "cost_range",
    "decision_curve",
    "diagnose",
    "estimate_prior",
    "fit_calibrator",
    "guaranteed",
    "reliability",
    "settle",
    "threshold_curve",
]
