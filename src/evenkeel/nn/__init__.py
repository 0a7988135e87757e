"""Losses, samplers and schedules for PyTorch: parts for code that is there already.

The only folder that imports torch.
"""

from importlib import import_module
from typing import Any

from evenkeel._optional import need

_LATER = {  # names that need more than torch, and the module that has them
    "EpochCallback": "evenkeel.nn.huggingface",
    "LightningEpochCallback": "evenkeel.nn.lightning",
    "LightningMetricsCallback": "evenkeel.nn.lightning",
}

if need("torch", extra="torch"):  # says what to install, before the imports below fail
    from evenkeel.nn.augment import (
        Crop,
        Flip,
        GaussianNoise,
        InOrder,
        MixedLabels,
        Mixup,
        PartialAugment,
        PitchChange,
        Remix,
        Rotation,
        Shift,
        Sometimes,
        SoundNoise,
        SpecMasking,
        SpeedChange,
        TimeShift,
    )
    from evenkeel.nn.guard import check_prior
    from evenkeel.nn.head import ClassifierRetraining, tau_normalized, to_prior
    from evenkeel.nn.huggingface import (
        BalancedTrainerMixin,
        DecidedModel,
        check_trainer,
        decide_on,
        make_compute_metrics,
    )
    from evenkeel.nn.losses import (
        AsymmetricLoss,
        ClassWeightedLoss,
        FalseNegativeLoss,
        FocalLoss,
        LDAMLoss,
        LogitAdjustedLoss,
        SigmoidFocalLoss,
        VectorScalingLoss,
        WeightedBCE,
        asymmetric_loss,
        class_weighted_loss,
        false_negative_loss,
        focal_loss,
        init_prior_bias_,
        ldam_loss,
        logit_adjusted_loss,
        sigmoid_focal_loss,
        vector_scaling_loss,
        weighted_bce,
    )
    from evenkeel.nn.prior_report import PriorReport
    from evenkeel.nn.samplers import (
        BalancedSampler,
        PerClassBatchSampler,
        PlanDataset,
        ProgressiveSampler,
        UndersampledSubset,
    )
    from evenkeel.nn.schedule import DeferredReweighting
    from evenkeel.nn.torch_classifier import TorchClassifier

__all__ = [
    "AsymmetricLoss",
    "BalancedSampler",
    "BalancedTrainerMixin",
    "ClassWeightedLoss",
    "ClassifierRetraining",
    "Crop",
    "DecidedModel",
    "DeferredReweighting",
    "EpochCallback",
    "FalseNegativeLoss",
    "Flip",
    "FocalLoss",
    "GaussianNoise",
    "InOrder",
    "LDAMLoss",
    "LightningEpochCallback",
    "LightningMetricsCallback",
    "LogitAdjustedLoss",
    "MixedLabels",
    "Mixup",
    "PartialAugment",
    "PerClassBatchSampler",
    "PitchChange",
    "PlanDataset",
    "PriorReport",
    "ProgressiveSampler",
    "Remix",
    "Rotation",
    "Shift",
    "SigmoidFocalLoss",
    "Sometimes",
    "SoundNoise",
    "SpecMasking",
    "SpeedChange",
    "TimeShift",
    "TorchClassifier",
    "UndersampledSubset",
    "VectorScalingLoss",
    "WeightedBCE",
    "asymmetric_loss",
    "check_prior",
    "check_trainer",
    "class_weighted_loss",
    "decide_on",
    "false_negative_loss",
    "focal_loss",
    "init_prior_bias_",
    "ldam_loss",
    "logit_adjusted_loss",
    "make_compute_metrics",
    "sigmoid_focal_loss",
    "tau_normalized",
    "to_prior",
    "vector_scaling_loss",
    "weighted_bce",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATER[name]), name)
    globals()[name] = value
    return value
