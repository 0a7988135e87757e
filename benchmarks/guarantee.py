"""How often a guaranteed minimum is broken by the model that decides, and what the untouched rows add.

``python -m benchmarks.guarantee`` prints a table in Markdown (``--quick``: fewer draws). Each draw
makes training rows, a quarter as many untouched ones and many new ones, asks for a minimum with a confidence of 90 %, and looks
at the true rate on the new rows. "out-of-fold": the promise as evenkeel makes it, from scores of
models that each lacked a fold, applied by the model fitted on all rows. "kept": those of them whose
minimum the untouched rows keep. "confirmed": those that one exact test on the untouched rows alone
confirms at the same confidence. "untouched rows": the promise made from the untouched rows instead.
"""

from __future__ import annotations

import sys
import warnings
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression

from evenkeel import DecidedClassifier, Policy
from evenkeel.decide.guarantee import tail
from evenkeel.errors import EvenkeelWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CONFIDENCE = 0.9
SIZES = (1_500, 4_000)
N_NEW = 50_000
CASES = {
    "precision 0.5": Policy.min_precision(0.5, confidence=CONFIDENCE),
    "precision 0.7": Policy.min_precision(0.7, confidence=CONFIDENCE),
    "recall 0.8": Policy.min_recall(0.8, confidence=CONFIDENCE),
}
WAYS = ("out-of-fold", "kept", "confirmed", "untouched rows")


def models() -> dict[str, Any]:
    """The classifiers, by name."""
    plain: dict[str, Any] = {"n_jobs": 1, "verbose": -1, "random_state": 0}
    return {
        "logistic": LogisticRegression(),
        "LightGBM, 50 trees of 15": LGBMClassifier(n_estimators=50, num_leaves=15, **plain),
        "LightGBM, 100 trees of 31": LGBMClassifier(**plain),
    }


def rows(n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One in ten is positive; ten features overlap, two of them only together tell something."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.1).astype(np.int64)
    X = rng.normal(size=(n, 10)) + 0.6 * y[:, None]
    X[:, 1] = np.where(y == 1, np.sign(X[:, 0]) * np.abs(X[:, 1]), X[:, 1])
    return X, y


def counts(policy: Policy, y: Any, decided: Any) -> tuple[int, int]:
    """Positives flagged, and the rows of which they are a share: alerts, or positives."""
    whole = decided == 1 if policy.floor_of == "precision" else y == 1
    return int(np.count_nonzero(whole & (y == 1) & (decided == 1))), int(whole.sum())


def draw(model: Any, n_rows: int, seed: int) -> dict[tuple[str, str], bool | None]:
    """Whether each promise is broken on new rows; None where none was made."""
    X, y = rows(n_rows, 3 * seed)
    X_kept, y_kept = rows(n_rows // 4, 3 * seed + 1)
    X_new, y_new = rows(N_NEW, 3 * seed + 2)
    fitted = DecidedClassifier(model, Policy.metric("f1"), cv=5).fit(X, y)
    p_kept, p_new = (fitted.predict_proba(part) for part in (X_kept, X_new))
    found: dict[tuple[str, str], bool | None] = {}
    for name, policy in CASES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EvenkeelWarning)
            first = fitted.decide(policy).decision_
        second = policy.choose(y_kept, p_kept)
        floor = float(policy.floor or 0.0)
        hits, whole = counts(policy, y_kept, first.apply(p_kept))
        confirmed = bool(whole) and float(tail(hits, whole, floor)) <= 1.0 - CONFIDENCE
        made = {
            "out-of-fold": first.reached,
            "kept": first.reached and hits >= floor * whole,
            "confirmed": first.reached and confirmed,
            "untouched rows": second.reached,
        }
        for way, promised in made.items():
            decision = second if way == "untouched rows" else first
            hits, whole = counts(policy, y_new, decision.apply(p_new))
            found[name, way] = hits < floor * whole if promised else None
    return found


def table(draws: int) -> Iterator[str]:
    """Markdown rows: promises broken of those made, by model, minimum and way."""
    yield f"| model | rows | minimum | {' | '.join(WAYS)} |"
    yield "|---" * (3 + len(WAYS)) + "|"
    for n_rows, (model_name, model) in product(SIZES, models().items()):
        seen = [draw(model, n_rows, seed) for seed in range(draws)]
        for name in CASES:
            cells = []
            for way in WAYS:
                made = [found[name, way] for found in seen if found[name, way] is not None]
                broken = sum(1 for one in made if one)
                cells.append(f"{broken} of {len(made)} broken" if made else "none made")
            yield f"| {model_name} | {n_rows:,} | {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    draws = 20 if "--quick" in sys.argv[1:] else 200
    print(f"{draws} draws, confidence {CONFIDENCE:g}\n")
    for line in table(draws):
        print(line, flush=True)


if __name__ == "__main__":
    main()
