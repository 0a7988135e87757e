"""Losses, samplers and schedules for PyTorch: parts for code that is there already.

The only folder that imports torch.
"""

from evenkeel._optional import need

if need("torch", extra="torch"):  # says what to install, before the imports below fail
    from evenkeel.nn.guard import check_prior
    from evenkeel.nn.head import ClassifierRetraining, tau_normalized, to_prior
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

__all__ = [
    "AsymmetricLoss",
    "BalancedSampler",
    "ClassWeightedLoss",
    "ClassifierRetraining",
    "DeferredReweighting",
    "FalseNegativeLoss",
    "FocalLoss",
    "LDAMLoss",
    "LogitAdjustedLoss",
    "PerClassBatchSampler",
    "PlanDataset",
    "PriorReport",
    "ProgressiveSampler",
    "SigmoidFocalLoss",
    "UndersampledSubset",
    "VectorScalingLoss",
    "WeightedBCE",
    "asymmetric_loss",
    "check_prior",
    "class_weighted_loss",
    "false_negative_loss",
    "focal_loss",
    "init_prior_bias_",
    "ldam_loss",
    "logit_adjusted_loss",
    "sigmoid_focal_loss",
    "tau_normalized",
    "to_prior",
    "vector_scaling_loss",
    "weighted_bce",
]
