"""Losses for imbalanced classes: right under accumulation, padding, half precision and smoothing.

They look at their batch, and their gradients are written by hand: use ``backward()`` or
``torch.autograd.grad``; the transforms of ``torch.func`` (``grad``, ``vmap``) refuse them.
"""

from evenkeel.nn.losses.asymmetric import AsymmetricLoss, asymmetric_loss
from evenkeel.nn.losses.base import Loss
from evenkeel.nn.losses.class_weighted import ClassWeightedLoss, class_weighted_loss
from evenkeel.nn.losses.false_negative import FalseNegativeLoss, false_negative_loss
from evenkeel.nn.losses.focal import FocalLoss, focal_loss
from evenkeel.nn.losses.ldam import LDAMLoss, ldam_loss
from evenkeel.nn.losses.logit_adjusted import LogitAdjustedLoss, logit_adjusted_loss
from evenkeel.nn.losses.prior_bias import init_prior_bias_
from evenkeel.nn.losses.sigmoid_focal import SigmoidFocalLoss, sigmoid_focal_loss
from evenkeel.nn.losses.vector_scaling import VectorScalingLoss, vector_scaling_loss
from evenkeel.nn.losses.weighted_bce import WeightedBCE, weighted_bce

__all__ = [
    "AsymmetricLoss",
    "ClassWeightedLoss",
    "FalseNegativeLoss",
    "FocalLoss",
    "LDAMLoss",
    "LogitAdjustedLoss",
    "Loss",
    "SigmoidFocalLoss",
    "VectorScalingLoss",
    "WeightedBCE",
    "asymmetric_loss",
    "class_weighted_loss",
    "false_negative_loss",
    "focal_loss",
    "init_prior_bias_",
    "ldam_loss",
    "logit_adjusted_loss",
    "sigmoid_focal_loss",
    "vector_scaling_loss",
    "weighted_bce",
]
