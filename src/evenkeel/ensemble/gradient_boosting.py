"""The learner of members that are given none: gradient boosting on histograms."""

from __future__ import annotations

from typing import Any

_LEAF = 20  # rows of a leaf where there are enough


def gradient_boosting(n_smallest: int = 10 * _LEAF) -> Any:
    """LightGBM, or scikit-learn's where its system library is missing; gaps and categories as such.

    Parameters
    ----------
    n_smallest
        Rows of the smallest class: leaves hold a tenth of them, at least 2 and at most 20.

    Examples
    --------
    >>> gradient_boosting(50).get_params()["n_jobs" if lightgbm_is_here() else "max_iter"] in (1, 100)
    True
    """
    leaf = max(2, min(_LEAF, n_smallest // 10))
    if not lightgbm_is_here():
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            min_samples_leaf=leaf, categorical_features="from_dtype", early_stopping=False
        )
    from lightgbm import LGBMClassifier

    return LGBMClassifier(  # one thread: members are fitted side by side
        min_child_samples=leaf, reg_lambda=1.0, deterministic=True, force_row_wise=True, n_jobs=1,
        verbose=-1,
    )  # fmt: skip


def lightgbm_is_here() -> bool:
    """Whether LightGBM and its system library can be loaded."""
    try:
        import lightgbm  # noqa: F401  (the import itself is the question)
    except (ImportError, OSError):
        return False
    return True
