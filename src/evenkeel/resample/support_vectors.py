"""The support vector machine of SVMSMOTE, fitted on the rows of a large table that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.svm import SVC

from evenkeel._rows import is_sparse
from evenkeel._threads import limited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

FEW = 10_000  # rows that are fitted at once
SHARE = 4  # of a large class, every fourth row is looked at first
BLOCK = 1 << 20  # kernel values held at a time: 4 MB
SLACK = 1e-3  # what the machine itself leaves open, its ``tol``


def fitted_svc(points: Any, labels: NDArray[Any], random_state: Any) -> SVC:
    """``SVC(gamma="scale")`` for a table.

    A row outside the margin that is no support vector does not change the solution. So with two
    classes and many rows it is fitted on every fourth row, then on its support vectors and all rows
    that it left within the margin, and so on until none is left: the solution for the whole table,
    to the tolerance that ``SVC`` has itself.

    Parameters
    ----------
    points
        ``(n_rows, n_columns)``, an array or a sparse matrix.
    labels
        ``(n_rows,)``.
    random_state
        Passed on; nothing that is used here depends on it.

    Returns
    -------
    SVC
        Its ``support_`` are rows of ``points``.

    References
    ----------
    Osuna, Freund and Girosi 1997, "An improved training algorithm for support vector machines",
    NNSP, section 3. doi:10.1109/NNSP.1997.622408

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [2.0], [9.0], [10.0]])
    >>> fitted_svc(points, np.array([0, 0, 0, 1, 1]), 0).support_.tolist()
    [0, 2, 3, 4]
    """
    classes, codes = np.unique(labels, return_inverse=True)
    if len(labels) <= FEW or classes.size > 2 or is_sparse(points):
        return SVC(gamma="scale", random_state=random_state).fit(points, labels)
    variance = float(points.var(dtype=np.float64))
    gamma = 1 / (points.shape[1] * variance) if variance else 1.0
    scaled = (np.sqrt(2 * gamma) * (points - points.mean(axis=0))).astype(np.float32)
    side = np.where(codes == 1, 1.0, -1.0)
    inside, first = _first_rows(codes), True
    while True:
        rows = np.flatnonzero(inside)
        machine = SVC(gamma=gamma, random_state=0).fit(points[rows], labels[rows])
        support = rows[machine.support_]
        within = ~inside & (side * _decision(machine, scaled, support, ~inside) < 1 + SLACK)
        if not within.any():
            machine.support_ = support.astype(np.int32)
            return machine
        if first:  # later nothing leaves, so it ends
            inside[:], first = False, False
            inside[support] = True
        inside |= within
        if np.count_nonzero(inside) > len(labels) // 2:
            inside[:] = True


def _first_rows(codes: NDArray[Any]) -> Bools:
    """Every fourth row of a class, all of a small one."""
    inside = np.zeros(codes.size, np.bool_)
    for code in (0, 1):
        rows = np.flatnonzero(codes == code)
        inside[rows[:: SHARE if rows.size > FEW // SHARE else 1]] = True
    return inside


def _decision(machine: SVC, scaled: NDArray[np.float32], support: Any, asked: Bools) -> Floats:
    """Decision function of the rows asked for; infinitely far for the others.

    ``exp(-gamma |x - s|^2)`` from float32 products of columns that are scaled and centred: the error
    is far below ``SLACK``, and it only decides which rows are looked at once more.
    """
    half = np.einsum("ij,ij->i", scaled, scaled) / 2
    vectors, offset = scaled[support], half[support]
    weight = machine.dual_coef_[0].astype(np.float32)
    found = np.full(asked.size, np.inf)
    rows = np.flatnonzero(asked)
    step = max(1, BLOCK // max(1, support.size))
    with limited(1):  # the products are small; threads would wait for each other
        for start in range(0, rows.size, step):
            at = rows[start : start + step]
            kernel = scaled[at] @ vectors.T  # (b, n_support)
            kernel -= offset
            kernel -= half[at, None]
            np.exp(kernel, out=kernel)
            found[at] = kernel @ weight + machine.intercept_[0]
    return found
