"""Rows of the catalogue: the baseline, and remedies that change weights."""

from __future__ import annotations

from evenkeel.remedy import Knob, Remedy

WEIGHTS = (
    Remedy(
        "none", "", "nothing",
        "No remedy: calibrated, with a tuned threshold. The honest baseline.",
        "Elor and Averbuch-Elor 2022, arXiv:2201.08528",
    ),
    Remedy(
        "class-weight", "evenkeel.wrappers:Weighted", "weights",
        "Class weights by inverse frequency, N / (K n_c).",
        "King and Zeng 2001, doi:10.1093/oxfordjournals.pan.a004868",
        params={"scheme": "inverse"},
    ),
    Remedy(
        "class-weight-sqrt", "evenkeel.wrappers:Weighted", "weights",
        "Class weights by the square root of inverse frequency: half way on the log scale.",
        "Mahajan et al. 2018, doi:10.1007/978-3-030-01216-8_12",
        params={"scheme": "sqrt"},
    ),
    Remedy(
        "effective-number", "evenkeel.wrappers:Weighted", "weights",
        "Class weights by the effective number of samples, (1 - beta) / (1 - beta^n_c).",
        "Cui et al. 2019, doi:10.1109/CVPR.2019.00949",
        params={"scheme": "effective"},
        knobs={
            "beta": Knob(
                0, 1, None, "overlap of rows; default (N - 1) / N", open_low=False,
                search=(0.99, 0.999),
            ),
        },
    ),
    Remedy(
        "cost-weight", "evenkeel.wrappers:CostWeighted", "weights",
        "Each class weighs what its errors cost; needs --cost-fn and --cost-fp, or a cost matrix.",
        "Ting 2002, doi:10.1109/TKDE.2002.1000348",
        needs_costs=True,
    ),
)  # fmt: skip
