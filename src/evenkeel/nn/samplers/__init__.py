"""Samplers and data sets that change how often each class is seen.

Every order is a function of labels, seed and epoch; it is the same on all processes, and a saved
state goes on exactly where it stood.
"""

from evenkeel.nn.samplers.balanced_sampler import BalancedSampler
from evenkeel.nn.samplers.per_class_batch_sampler import PerClassBatchSampler
from evenkeel.nn.samplers.plan_dataset import PlanDataset
from evenkeel.nn.samplers.progressive_sampler import ProgressiveSampler
from evenkeel.nn.samplers.undersampled_subset import UndersampledSubset

__all__ = [
    "BalancedSampler",
    "PerClassBatchSampler",
    "PlanDataset",
    "ProgressiveSampler",
    "UndersampledSubset",
]
