"""Engines that propose the nearest rows, by distances with rounding errors; they are ranked exactly after.

An engine is made for a pool of points, ``(n_points, n_columns)``, and then asked with queries and
``k``: distances ``(n, k)``, nearest first, and places in the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._optional import need
from evenkeel._threads import limited, threads

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.spatial import KDTree

Ask = Callable[[Any, int], tuple[Any, Any]]  # queries, k -> distances, places
AT_ONCE = 1 << 25  # distances that torch holds at a time: 256 MB


def tree(pool: Any) -> Ask:
    """A k-d tree of scipy, for few columns."""
    ask = grown(pool).query
    return lambda query, k: ask(query, k, workers=threads())


def grown(pool: Any) -> KDTree:
    """The tree; boxes drawn close around their points let queries pass by more of them."""
    from scipy.spatial import KDTree

    # an unbalanced tree is exact too, and does not choke on repeated points
    return KDTree(pool, balanced_tree=False)


def brute(pool: Any) -> Ask:
    """The kernel of scikit-learn that looks at all points."""
    from sklearn.neighbors import NearestNeighbors

    fitted = NearestNeighbors(algorithm="brute").fit(pool)

    def ask(query: Any, k: int) -> tuple[Any, Any]:
        # it sets the threads by itself, and calls side by side would leave its limit behind
        with limited():
            found: tuple[Any, Any] = fitted.kneighbors(query, k)
            return found

    return ask


def on_torch(pool: NDArray[np.float64]) -> Ask:
    """Products in float64 by torch, on a CUDA device where there is one."""
    torch: Any = need("torch", extra="torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    points = torch.as_tensor(np.ascontiguousarray(pool), device=device)  # (m, d)
    squares = (points * points).sum(dim=1)  # (m,)

    def ask(query: Any, k: int) -> tuple[Any, Any]:
        asked = torch.as_tensor(np.ascontiguousarray(query), device=device)  # (n, d)
        own = (asked * asked).sum(dim=1, keepdim=True)  # (n, 1)
        best: Any = None
        place: Any = None
        step = max(k, AT_ONCE // max(1, len(asked)))
        for start in range(0, len(points), step):
            part = slice(start, start + step)
            square = torch.addmm(squares[part][None], asked, points[part].T, alpha=-2.0)  # (n, b)
            least, at = square.topk(min(k, square.shape[1]), dim=1, largest=False)
            at = at + start
            if best is not None:
                least, at = torch.cat([best, least], dim=1), torch.cat([place, at], dim=1)
                least, which = least.topk(k, dim=1, largest=False)
                at = at.gather(1, which)
            best, place = least, at
        reach = (best + own).clamp_min(0.0).sqrt()
        return reach.cpu().numpy(), place.cpu().numpy()

    return ask
