"""Rows of the catalogue: remedies that change the loss or the batches that a network is trained by.

They are import strings for the slots of ``TorchClassifier``, so that no row needs torch.
"""

from __future__ import annotations

from typing import Any

from evenkeel.remedy import Knob, Remedy


def _loss(
    name: str,
    target: str,
    doc: str,
    source: str,
    params: Any = None,
    *,
    neutral: bool = False,
    **knobs: Knob,
) -> Remedy:
    where = f"evenkeel.nn:{target}"
    return Remedy(name, where, "loss", doc, source, params or {}, knobs, neutral=neutral)


def _batches(name: str, target: str, doc: str, source: str, **knobs: Knob) -> Remedy:
    return Remedy(name, f"evenkeel.nn:{target}", "batches", doc, source, knobs=knobs)


_GAMMA = Knob(
    0, 10, 2.0, "how far easy rows are turned down", open_low=False, search=(0.5, 1.0, 5.0)
)
_TAU = Knob(0, 5, 1.0, "how much of the prior is corrected", open_low=False, search=(0.5, 1.5))
_POWER = Knob(
    0, 1, 1.0, "0 natural shares, 0.5 square root, 1 balanced", open_low=False, search=(0.5, 0.75)
)

TORCH_REMEDIES = (
    _loss(
        "focal", "FocalLoss", "Cross-entropy that turns down rows that are easy already.",
        "Lin et al. 2017, doi:10.1109/ICCV.2017.324",
        {"counts": None}, neutral=True, gamma=_GAMMA,
    ),
    _loss(
        "class-balanced-focal", "FocalLoss", "Focal loss with weights by effective number.",
        "Cui et al. 2019, doi:10.1109/CVPR.2019.00949",
        {"scheme": "effective"}, gamma=_GAMMA,
    ),
    _loss(
        "class-weighted-loss", "ClassWeightedLoss",
        "Cross-entropy with weights N / (K n_c), inside the loss.",
        "King and Zeng 2001, doi:10.1093/oxfordjournals.pan.a004868",
    ),
    _loss(
        "logit-adjusted", "LogitAdjustedLoss", "Add the logarithm of the class shares to the logits.",
        "Menon et al. 2021, doi:10.48550/arXiv.2007.07314",
        tau=_TAU,
    ),
    _loss(
        "ldam", "LDAMLoss", "Keep rare classes further from the boundary, on cosines.",
        "Cao et al. 2019, doi:10.48550/arXiv.1906.07413",
        neutral=True,
        margin=Knob(
            0, 1, 0.5, "margin of the rarest class", open_low=False, parameter="max_margin",
            search=(0.2, 0.8),
        ),
    ),
    _loss(
        "vector-scaling", "VectorScalingLoss", "Scale and shift the logits by the class shares.",
        "Kini et al. 2021, doi:10.48550/arXiv.2103.01550",
        gamma=Knob(0, 1, 0.15, "how far rare logits shrink", open_low=False, search=(0.05, 0.3)),
        tau=_TAU,
    ),
    _batches(
        "balanced-sampler", "BalancedSampler", "Draw rows so that batches hold the classes alike.",
        "Kang et al. 2020, doi:10.48550/arXiv.1910.09217",
        power=_POWER,
    ),
    _batches(
        "progressive-sampler", "ProgressiveSampler",
        "Draw rows as they are at first, the classes alike at last.",
        "Kang et al. 2020, doi:10.48550/arXiv.1910.09217",
        power=_POWER,
    ),
)  # fmt: skip
