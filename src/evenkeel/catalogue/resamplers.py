"""Rows of the catalogue: remedies that change which rows a learner is fitted on."""

from __future__ import annotations

from evenkeel.remedy import Knob, Remedy
from evenkeel.resample import Ratio

_RATIO = Knob(
    0, 1, None, "rare rows for each row of the largest class, afterwards",
    parameter="sampling_strategy", convert=Ratio, search=(0.1, 0.3),
)  # fmt: skip


def _neighbors(default: int, parameter: str, doc: str, search: tuple[float, ...] = ()) -> Knob:
    return Knob(
        1, 1000, default, doc, whole=True, open_low=False, parameter=parameter, convert=int,
        search=search,
    )  # fmt: skip


def _counted(name: str, target: str, doc: str, source: str, **knobs: Knob) -> Remedy:
    """A method that is told how many rows to keep or to make, and so takes a ratio."""
    where = f"evenkeel.resample:{target}"
    return Remedy(name, where, "rows", doc, source, knobs={**knobs, "ratio": _RATIO})


def _cleaning(name: str, target: str, doc: str, source: str, **knobs: Knob) -> Remedy:
    """A method that finds by itself which rows go."""
    return Remedy(name, f"evenkeel.resample:{target}", "rows", doc, source, knobs=knobs)


_K = _neighbors(5, "k_neighbors", "neighbours to draw from", (3, 10))
_VOTERS = _neighbors(3, "n_neighbors", "neighbours that vote", (1, 5))
_CHAWLA = "Chawla et al. 2002, doi:10.1613/jair.953"

RESAMPLERS = (
    _counted(
        "random-under", "RandomUnderSampler", "Drop rows of larger classes at random.",
        "Drummond and Holte 2003, ICML workshop on imbalanced data sets",
    ),
    _counted(
        "random-over", "RandomOverSampler", "Repeat rows of smaller classes at random.",
        "Batista, Prati and Monard 2004, doi:10.1145/1007730.1007735",
        shrinkage=Knob(0, 100, None, "noise on the copies, as a smoothed bootstrap", open_low=False, search=(0.3,)),
    ),
    _counted(
        "gaussian-noise", "GaussianNoiseOverSampler",
        "Repeat rare rows with noise scaled to each column's spread.",
        "Lee 2000, doi:10.1016/S0167-9473(99)00095-X",
        noise=Knob(
            0, 100, 0.1, "noise, in standard deviations of a column", open_low=False,
            search=(0.03, 0.3),
        ),
    ),
    _counted(
        "smote", "SMOTE", "Make rare rows between a rare row and one of its k nearest rare rows.",
        _CHAWLA, k=_K,
    ),
    _counted(
        "smote-nc", "SMOTENC", "SMOTE for numbers and categories: neighbours vote on the category.",
        f"{_CHAWLA}, section 6.1", k=_K,
    ),
    _counted(
        "smote-n", "SMOTEN", "SMOTE for categories alone, by the value difference metric.",
        f"{_CHAWLA}, section 6.2", k=_K,
    ),
    _counted(
        "borderline-smote", "BorderlineSMOTE", "SMOTE from rare rows close to another class.",
        "Han, Wang and Mao 2005, doi:10.1007/11538059_91",
        k=_K, m=_neighbors(10, "m_neighbors", "neighbours that say whether a row is in danger"),
    ),
    _counted(
        "svm-smote", "SVMSMOTE", "SMOTE from the rare support vectors of an SVM.",
        "Nguyen, Cooper and Kamei 2011, doi:10.1504/IJKESDP.2011.039875",
        k=_K, m=_neighbors(10, "m_neighbors", "neighbours that say whether a row is in danger"),
    ),
    _counted(
        "kmeans-smote", "KMeansSMOTE", "SMOTE inside clusters that hold enough rare rows.",
        "Douzas, Bacao and Last 2018, doi:10.1016/j.ins.2018.06.056",
        k=_neighbors(2, "k_neighbors", "neighbours to draw from", (5,)),
    ),
    _counted(
        "adasyn", "ADASYN", "SMOTE with more rows where other classes are near.",
        "He et al. 2008, doi:10.1109/IJCNN.2008.4633969",
        k=_neighbors(5, "n_neighbors", "neighbours to draw from", (3, 10)),
    ),
    _cleaning(
        "tomek-links", "TomekLinks", "Drop rows that form nearest pairs with another class.",
        "Tomek 1976, doi:10.1109/TSMC.1976.4309452",
    ),
    _cleaning(
        "edited-nn", "EditedNearestNeighbours", "Drop rows that their nearest neighbours outvote.",
        "Wilson 1972, doi:10.1109/TSMC.1972.4309137", k=_VOTERS,
    ),
    _cleaning(
        "repeated-edited-nn", "RepeatedEditedNearestNeighbours",
        "Edited nearest neighbours until nothing changes.",
        "Tomek 1976, doi:10.1109/TSMC.1976.4309523", k=_VOTERS,
    ),
    _cleaning(
        "all-knn", "AllKNN", "Edited nearest neighbours with 1, 2, ... k neighbours in turn.",
        "Tomek 1976, doi:10.1109/TSMC.1976.4309523", k=_VOTERS,
    ),
    _cleaning(
        "condensed-nn", "CondensedNearestNeighbour",
        "Keep rows that the rows kept so far would get wrong.",
        "Hart 1968, doi:10.1109/TIT.1968.1054155",
    ),
    _cleaning(
        "one-sided-selection", "OneSidedSelection", "One pass of condensing, then Tomek links.",
        "Kubat and Matwin 1997, ICML, pages 179-186",
    ),
    _cleaning(
        "neighbourhood-cleaning", "NeighbourhoodCleaningRule",
        "Edited nearest neighbours, and rows that mislead rare ones go too.",
        "Laurikkala 2001, doi:10.1007/3-540-48229-6_9", k=_VOTERS,
    ),
    _counted(
        "near-miss", "NearMiss", "Keep rows of larger classes that are close to rare ones.",
        "Zhang and Mani 2003, ICML workshop on imbalanced data sets",
        k=_neighbors(3, "n_neighbors", "rare rows to measure to", (1, 5)),
        version=Knob(
            1, 3, 1, "which rare rows: 1 nearest, 2 farthest, 3 in two steps",
            whole=True, open_low=False, convert=int,
        ),
    ),
    _counted(
        "cluster-centroids", "ClusterCentroids", "Replace larger classes by their cluster centres.",
        "Yen and Lee 2009, doi:10.1016/j.eswa.2008.06.108",
    ),
    _counted(
        "instance-hardness", "InstanceHardnessThreshold",
        "Drop rows of larger classes that a forest gets wrong out of fold.",
        "Smith, Martinez and Giraud-Carrier 2014, doi:10.1007/s10994-013-5422-z",
    ),
    _counted(
        "smote-enn", "SMOTEENN", "SMOTE, then edited nearest neighbours on all classes.",
        "Batista, Prati and Monard 2004, doi:10.1145/1007730.1007735",
    ),
    _counted(
        "smote-tomek", "SMOTETomek", "SMOTE, then Tomek links on all classes.",
        "Batista, Prati and Monard 2004, doi:10.1145/1007730.1007735",
    ),
)  # fmt: skip
