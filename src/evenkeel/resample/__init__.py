"""Resamplers: they change which rows a learner is fitted on."""

from evenkeel.distribution import Ratio
from evenkeel.resample.base import Resampler, RowMaker, RowSelector, Task
from evenkeel.resample.random_over_sampler import RandomOverSampler
from evenkeel.resample.random_under_sampler import RandomUnderSampler
from evenkeel.resample.smote import SMOTE

__all__ = [
    "SMOTE",
    "RandomOverSampler",
    "RandomUnderSampler",
    "Ratio",
    "Resampler",
    "RowMaker",
    "RowSelector",
    "Task",
]
