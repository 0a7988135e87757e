"""Resamplers: they change which rows a learner is fitted on."""

from evenkeel.distribution import Ratio
from evenkeel.resample.adasyn import ADASYN
from evenkeel.resample.all_knn import AllKNN
from evenkeel.resample.base import Resampler, RowMaker, RowSelector, Task
from evenkeel.resample.borderline_smote import BorderlineSMOTE
from evenkeel.resample.chain import Chain
from evenkeel.resample.cluster_centroids import ClusterCentroids
from evenkeel.resample.condensed_nearest_neighbour import CondensedNearestNeighbour
from evenkeel.resample.edited_nearest_neighbours import EditedNearestNeighbours
from evenkeel.resample.gaussian_noise_over_sampler import GaussianNoiseOverSampler
from evenkeel.resample.instance_hardness_threshold import InstanceHardnessThreshold
from evenkeel.resample.kmeans_smote import KMeansSMOTE
from evenkeel.resample.near_miss import NearMiss
from evenkeel.resample.neighbourhood_cleaning_rule import NeighbourhoodCleaningRule
from evenkeel.resample.one_sided_selection import OneSidedSelection
from evenkeel.resample.random_over_sampler import RandomOverSampler
from evenkeel.resample.random_under_sampler import RandomUnderSampler
from evenkeel.resample.repeated_edited_nearest_neighbours import RepeatedEditedNearestNeighbours
from evenkeel.resample.smote import SMOTE
from evenkeel.resample.smote_enn import SMOTEENN
from evenkeel.resample.smote_n import SMOTEN
from evenkeel.resample.smote_nc import SMOTENC
from evenkeel.resample.smote_tomek import SMOTETomek
from evenkeel.resample.svm_smote import SVMSMOTE
from evenkeel.resample.tomek_links import TomekLinks

__all__ = [
    "ADASYN",
    "SMOTE",
    "SMOTEENN",
    "SMOTEN",
    "SMOTENC",
    "SVMSMOTE",
    "AllKNN",
    "BorderlineSMOTE",
    "Chain",
    "ClusterCentroids",
    "CondensedNearestNeighbour",
    "EditedNearestNeighbours",
    "GaussianNoiseOverSampler",
    "InstanceHardnessThreshold",
    "KMeansSMOTE",
    "NearMiss",
    "NeighbourhoodCleaningRule",
    "OneSidedSelection",
    "RandomOverSampler",
    "RandomUnderSampler",
    "Ratio",
    "RepeatedEditedNearestNeighbours",
    "Resampler",
    "RowMaker",
    "RowSelector",
    "SMOTETomek",
    "Task",
    "TomekLinks",
]
