"""SMOTE, then Tomek links."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from evenkeel.resample.chain import Joined
from evenkeel.resample.smote import SMOTE
from evenkeel.resample.tomek_links import TomekLinks


class SMOTETomek(Joined):
    """Make rows by SMOTE, then drop both rows of every Tomek link.

    The same as ``Chain([SMOTE(), TomekLinks(sampling_strategy="all")])``: the made rows may
    be part of a link, and are dropped with it.

    Parameters
    ----------
    sampling_strategy
        What SMOTE raises each class to: ``"auto"``, all but the largest to the size of the largest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`. Not
        used when ``smote`` is given.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time. A given ``smote`` with a seed of its own keeps it.
    smote
        Resampler for the first step. Default: :class:`SMOTE` with the parameters above.
    tomek
        Resampler for the second step. Default: :class:`TomekLinks` for all classes.
    n_jobs
        Threads of the default ``tomek`` at most, -1 for all; None leaves it to the libraries.

    Attributes
    ----------
    sampling_strategy_
        Rows made by the first step.
    smote_, tomek_
        Fitted copies of the steps.

    References
    ----------
    Batista, Bazzan and Monard 2003, "Balancing training data for automated annotation of keywords: a
    case study", Workshop on Bioinformatics; compared in Batista, Prati and Monard 2004, ACM SIGKDD
    Explorations 6(1), section 3. doi:10.1145/1007730.1007735

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0], [11.0], [10.0], [12.0]]
    >>> y = ["no", "no", "no", "no", "no", "no", "yes", "yes"]
    >>> both = SMOTETomek(smote=SMOTE(k_neighbors=1), random_state=0)
    >>> [11.0] in both.fit_resample(X, y)[0]  # a "no" among "yes"
    False
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        smote: Any = None,
        tomek: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.smote = smote
        self.tomek = tomek
        self.n_jobs = n_jobs

    def _links(self) -> list[tuple[str, Any]]:
        smote, tomek = self.smote, self.tomek
        if smote is None:
            smote = SMOTE(sampling_strategy=self.sampling_strategy)
        if tomek is None:
            tomek = TomekLinks(sampling_strategy="all", n_jobs=self.n_jobs)
        return [("smote", smote), ("tomek", tomek)]

    def _keep_steps(self, steps: list[Any]) -> None:
        super()._keep_steps(steps)
        self.smote_, self.tomek_ = steps

    def _validate_estimator(self) -> None:
        """Set ``smote_`` and ``tomek_`` before there are data, as code for imbalanced-learn may ask."""
        self._keep_steps([clone(step) for _, step in self._links()])
