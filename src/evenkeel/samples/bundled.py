"""The data sets that scikit-learn brings along, with one class cut until it is rare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

DATASETS = {"breast_cancer": "malignant", "digits": 9, "iris": "virginica", "wine": "class_2"}


def rare(name: str = "breast_cancer", *, ratio: float = 20.0, seed: int = 0) -> pl.DataFrame:
    """One of scikit-learn's bundled data sets with one class cut until it is rare.

    Parameters
    ----------
    name
        ``"breast_cancer"`` (malignant is cut), ``"digits"`` (9), ``"wine"`` (class_2) or ``"iris"``
        (virginica).
    ratio
        Rows of the largest class for each row of the rare one, afterwards.
    seed
        Chooses the rows that stay.

    Returns
    -------
    polars.DataFrame
        Features and, last, ``target``; rows in their first order.

    Raises
    ------
    InvalidInput
        An unknown name, or a ratio that leaves fewer than 2 rows or asks for more than there are.

    Examples
    --------
    >>> rare("iris", ratio=10)["target"].value_counts(sort=True)["count"].to_list()
    [50, 50, 5]
    """
    import polars as pl

    check_choice(name, DATASETS, "name", "rare")
    check_number(ratio, "ratio", "rare", low=1)
    X, y, columns = _load(name)
    scarce = DATASETS[name]
    at = np.flatnonzero(y == scarce)
    keep = round(np.unique(y, return_counts=True)[1].max() / ratio)
    if not 2 <= keep <= at.size:
        raise InvalidInput(
            f"ratio of rare must leave between 2 and {at.size} rows of class {scarce!r} of {name}. "
            f"Got {ratio:g}, which leaves {keep}."
        )
    gone = np.random.default_rng(seed).permutation(at)[keep:]
    left = np.delete(np.arange(y.size), gone)
    table = pl.DataFrame(X[left], schema=columns)
    return table.with_columns(target=pl.Series(y[left].tolist()))


def _load(name: str) -> tuple[NDArray[np.float64], NDArray[Any], list[str]]:
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    names = [str(column).replace(" ", "_") for column in found.feature_names]
    labels = found.target if name == "digits" else found.target_names[found.target]
    return found.data, labels, names
