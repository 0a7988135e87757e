"""Rows of the catalogue: remedies that change the learner, most of them for many in its place."""

from __future__ import annotations

from typing import Any

from evenkeel.remedy import Knob, Remedy
from evenkeel.resample import SMOTE, Ratio

_RATIO = Knob(
    0, 1, None, "rare rows for each row of the largest class, in every member",
    parameter="sampling_strategy", convert=Ratio, search=(0.1, 0.3),
)  # fmt: skip


def _members(default: int | None, doc: str = "members") -> Knob:
    return Knob(
        1, 10_000, default, doc, whole=True, open_low=False,
        parameter="n_estimators", convert=int,
    )  # fmt: skip


def _of_learners(name: str, target: str, doc: str, source: str, **knobs: Knob) -> Remedy:
    """Members are clones of the learner that is treated."""
    where = f"evenkeel.ensemble:{target}"
    return Remedy(name, where, "learner", doc, source, knobs=knobs, learner_as="estimator")


def _of_trees(
    name: str, target: str, doc: str, source: str, params: Any = None, **knobs: Knob
) -> Remedy:
    """Members are trees of the ensemble's own: the learner only prepares the columns."""
    return Remedy(name, f"evenkeel.ensemble:{target}", "learner", doc, source, params or {}, knobs)


_RATE = Knob(
    0, 10, 1.0, "scales the vote of each round", parameter="learning_rate", search=(0.1, 0.3)
)

ENSEMBLES = (
    _of_learners(
        "under-bagging", "UnderBaggingClassifier",
        "Many learners, each on all rare rows and its own share of the others.",
        "Wallace et al. 2011, doi:10.1109/ICDM.2011.33",
        members=_members(10), ratio=_RATIO,
    ),
    _of_learners(
        "self-paced", "SelfPacedEnsembleClassifier",
        "Many learners in turn, on ever harder rows of larger classes.",
        "Liu et al. 2020, doi:10.1109/ICDE48307.2020.00078",
        members=_members(10), ratio=_RATIO,
        bins=Knob(
            1, 100, 5, "bins of hardness", whole=True, open_low=False,
            parameter="k_bins", convert=int, search=(10,),
        ),
    ),
    _of_trees(
        "balanced-forest", "BalancedRandomForestClassifier",
        "A random forest whose trees see the classes in equal numbers.",
        "Chen, Liaw and Breiman 2004, UC Berkeley report 666",
        members=_members(100, "trees"),
        leaf=Knob(
            1, 1000, 1, "rows of a leaf, at least", whole=True, open_low=False,
            parameter="min_samples_leaf", convert=int, search=(3, 10),
        ),
    ),
    _of_learners(
        "balanced-bagging", "BalancedBaggingClassifier",
        "Many learners, each on a balanced bootstrap of the rows.",
        "Hido, Kashima and Takahashi 2009, doi:10.1002/sam.10061",
        members=_members(10), ratio=_RATIO,
    ),
    _of_trees(
        "easy-ensemble", "EasyEnsembleClassifier",
        "AdaBoost on each of several balanced draws.",
        "Liu, Wu and Zhou 2009, doi:10.1109/TSMCB.2008.2007853",
        members=_members(10), ratio=_RATIO,
    ),
    _of_trees(
        "rusboost", "RUSBoostClassifier",
        "Boosting of small trees, each round on a balanced draw.",
        "Seiffert et al. 2010, doi:10.1109/TSMCA.2009.2029559",
        members=_members(50, "rounds"), rate=_RATE, ratio=_RATIO,
    ),
    _of_trees(
        "smoteboost", "RUSBoostClassifier",
        "Boosting of small trees, each round on rows that SMOTE made anew.",
        "Chawla et al. 2003, doi:10.1007/978-3-540-39804-2_12",
        {"resampler": SMOTE()},
        members=_members(50, "rounds"), rate=_RATE,
    ),
    _of_learners(
        "clustered", "ClusteredEnsembleClassifier",
        "One learner for each kind of majority, combined on out-of-fold scores.",
        "Rayhan et al. 2017, doi:10.1109/CSITSS.2017.8447534",
        members=_members(None, "groups; default the imbalance ratio, from 2 to 16"),
    ),
    Remedy(
        "isolation-forest", "evenkeel.isolation_classifier:IsolationClassifier", "learner",
        "Anomaly detection without labels: a reminder that it may be another problem.",
        "Liu, Ting and Zhou 2008, doi:10.1109/ICDM.2008.17",
        knobs={"members": _members(100, "trees")},
    ),
)  # fmt: skip
