"""Ensembles: classifiers that fit many members on balanced parts of the rows."""

from evenkeel.ensemble.balanced_bagging_classifier import BalancedBaggingClassifier
from evenkeel.ensemble.balanced_random_forest_classifier import BalancedRandomForestClassifier
from evenkeel.ensemble.boosted_stumps import BoostedStumps
from evenkeel.ensemble.clustered_ensemble_classifier import ClusteredEnsembleClassifier
from evenkeel.ensemble.easy_ensemble_classifier import EasyEnsembleClassifier
from evenkeel.ensemble.rusboost_classifier import RUSBoostClassifier
from evenkeel.ensemble.self_paced_ensemble_classifier import SelfPacedEnsembleClassifier
from evenkeel.ensemble.under_bagging_classifier import UnderBaggingClassifier

__all__ = [
    "BalancedBaggingClassifier",
    "BalancedRandomForestClassifier",
    "BoostedStumps",
    "ClusteredEnsembleClassifier",
    "EasyEnsembleClassifier",
    "RUSBoostClassifier",
    "SelfPacedEnsembleClassifier",
    "UnderBaggingClassifier",
]
