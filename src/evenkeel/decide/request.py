"""The policy that a set of options asks for, on the command line and in ``evenkeel.run``."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_choice, check_number, did_you_mean
from evenkeel.confusion import beta_of
from evenkeel.decide.capacity import read_capacity
from evenkeel.decide.cost_matrix import in_order
from evenkeel.decide.goals import BANDS, ONE_SIDED, SCENARIOS
from evenkeel.decide.policy import Policy
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Request:
    """Options that make a policy. At most one goal; a capacity and a minimum limit what it may do.

    Parameters
    ----------
    cost_fn, cost_fp, cost_tp, cost_tn
        As for :class:`Policy`.
    cost_matrix
        The same, or with the labels of rows and columns as ``read_cost_matrix`` gives them.
    metric
        Decision metric to make as high as possible.
    scenario
        Key of :data:`evenkeel.decide.goals.SCENARIOS`.
    capacity
        Most alerts, such as ``"200/day"`` or ``"1.5%"``.
    top
        Most alerts in any table.
    min_precision, min_recall
        Least precision or recall, in (0, 1], or text such as ``"80%"``. Several classes: the least
        recall by label, as a mapping or as text such as ``"u2r=0.5,r2l=30%"``.
    confidence
        With which the minimum is to hold for new rows, in (0, 1) or as ``"95%"``.
    bands
        Two probabilities, or text such as ``"0.02,0.4"`` or ``"2%,40%"``.

    Raises
    ------
    InvalidInput, InvalidType
        Options that exclude each other or lie outside their range.

    Examples
    --------
    >>> Request(cost_fn=300, cost_fp=4, capacity="200/day").policy().sentence()
    'cost: a miss 300, a false alarm 4; act when p > 0.0132 if calibrated with at most 200 alerts a day'
    """

    cost_fn: float | str | None = None
    cost_fp: float | str | None = None
    cost_tp: float | str | None = None
    cost_tn: float | str | None = None
    cost_matrix: Any = None
    metric: str | None = None
    scenario: str | None = None
    capacity: str | float | None = None
    top: int | None = None
    min_precision: Any = None
    min_recall: Any = None
    confidence: Any = None
    bands: Any = None

    def __post_init__(self) -> None:
        for name in ("min_precision", "confidence"):
            object.__setattr__(self, name, read_share(getattr(self, name), name))
        if isinstance(self.min_recall, str) or hasattr(self.min_recall, "items"):
            object.__setattr__(self, "min_recall", read_min_recall(self.min_recall))
        if isinstance(self.bands, str):
            object.__setattr__(self, "bands", read_bands(self.bands))
        if (self.cost_fn is None) != (self.cost_fp is None):
            raise InvalidInput(
                "cost_fn and cost_fp of run must be given together. Got only "
                f"{'cost_fn' if self.cost_fp is None else 'cost_fp'}. Give both, or neither."
            )
        if self.cost_fn is None and not (self.cost_tp is None and self.cost_tn is None):
            raise InvalidInput("cost_tp and cost_tn of run must go with cost_fn and cost_fp.")
        if self.capacity is not None:
            read_capacity(str(self.capacity))
        if self.metric is not None and beta_of(self.metric) is None:
            self._check_metric()
        if self.scenario is not None:
            check_choice(self.scenario, SCENARIOS, "scenario", "run")
        if self.top is not None:
            check_number(self.top, "top", "run", low=1, whole=True)
        self._check_matrix()
        self._check_together()
        if self.given:
            self.policy()

    def _check_metric(self) -> None:
        if self.metric in METRICS:
            return
        kinds = {name: known.kind for name, known in METRICS.items() if name not in ONE_SIDED}
        chooses = [name for name, kind in kinds.items() if kind in {"decision", "cost"}]
        ranks = [name for name in kinds if name not in chooses]
        raise InvalidInput(
            f"metric of run must be one of {', '.join(chooses)}, f<beta>; with a limit or a minimum "
            f"also {', '.join(ONE_SIDED)}; to rank remedies only {', '.join(ranks)}. "
            f"Got {self.metric!r}. {did_you_mean(str(self.metric), METRICS)}".rstrip()
        )

    def _check_matrix(self) -> None:
        matrix = self.cost_matrix
        rows = matrix if isinstance(matrix, tuple) else ()
        if matrix is not None and not (rows and all(isinstance(row, tuple) for row in rows)):
            raise InvalidType(
                "cost_matrix of run must hold one row for each true class, one column for each "
                f"decision. Got {matrix!r}."
            )

    def _check_together(self) -> None:
        goals = {
            f"metric {self.metric!r}": self.decides,
            f"scenario {self.scenario!r}": self.scenario is not None,
            "cost_fn and cost_fp": self.cost_fn is not None,
            "cost_matrix": self.cost_matrix is not None,
            "bands": self.bands is not None,
        }
        self._at_most_one(goals)
        limits = {"capacity": self.capacity is not None, "top": self.top is not None}
        floors = {
            "min_precision": self.min_precision is not None,
            "min_recall": self.min_recall is not None,
        }
        self._at_most_one(limits)
        self._at_most_one(floors)
        extra = [name for name, given in (limits | floors).items() if given]
        if extra and (self.scenario is not None or self.bands is not None):
            one = "scenario" if self.scenario is not None else "bands"
            raise InvalidInput(
                f"{one} of run and {extra[0]} of run exclude each other. Keep one of them."
            )
        if self.confidence is not None and not any(floors.values()):
            raise InvalidInput(
                "confidence of run must go with min_precision or min_recall. Got neither."
            )
        if self.metric == "cost" and not self.has_costs:
            raise InvalidInput(
                "metric of run must go with costs when it is 'cost'. Got none. Give cost_fn and cost_fp "
                "(--cost-fn and --cost-fp)."
            )

    @staticmethod
    def _at_most_one(options: dict[str, bool]) -> None:
        given = [name for name, there in options.items() if there]
        if len(given) > 1:
            raise InvalidInput(
                f"{' and '.join(f'{name} of run' for name in given)} exclude each other. Keep one of them."
            )

    @property
    def decides(self) -> bool:
        """Whether the metric sets the threshold, and does not only rank."""
        if self.metric is None:
            return False
        return self.metric not in METRICS or METRICS[self.metric].kind == "decision"

    @property
    def has_costs(self) -> bool:
        """Whether costs were given."""
        return self.cost_fn is not None or self.cost_matrix is not None

    @property
    def given(self) -> bool:
        """Whether anything was asked for that makes a policy; a metric that only ranks does not."""
        others = (getattr(self, field.name) for field in fields(self) if field.name != "metric")
        return self.decides or any(value is not None for value in others)

    def policy(self, n_classes: int = 2, *, classes: Sequence[Any] | None = None) -> Policy:
        """The policy asked for; ``classes`` put a matrix with labels in the order of the codes.

        Raises
        ------
        InvalidInput
            Nothing was asked for.
        """
        if self.bands is not None:
            given = self.bands if isinstance(self.bands, tuple | list) else (self.bands,)
            return Policy(goal=BANDS, cuts=tuple(given))
        if isinstance(self.min_recall, dict):
            return self._by_class(classes)
        if self.scenario is not None:
            return Policy.scenario(self.scenario, n_classes=n_classes)
        aim: dict[str, Any] = {"goal": "recall" if self.min_recall is None else "precision"}
        if self.has_costs:
            aim = {
                "cost_fn": self.cost_fn, "cost_fp": self.cost_fp, "cost_tp": self.cost_tp or 0.0,
                "cost_tn": self.cost_tn or 0.0, "cost_matrix": in_order(self.cost_matrix, classes),
            }  # fmt: skip
        elif self.decides:
            aim = {"goal": self.metric}
        elif not self.given:
            raise InvalidInput(
                "policy of a decision must say what decisions are for. Got nothing. Give costs "
                "(--cost-fn and --cost-fp), --capacity, --min-precision, --min-recall, --metric or "
                "--bands."
            )
        floor_of = None
        if self.min_precision is not None or self.min_recall is not None:
            floor_of = "precision" if self.min_recall is None else "recall"
        return Policy(
            **aim,
            floor_of=floor_of,
            floor=self.min_precision if self.min_recall is None else self.min_recall,
            confidence=self.confidence,
            limit=str(self.capacity or self.top or "") or None,
        )

    def _by_class(self, classes: Sequence[Any] | None) -> Policy:
        policy = Policy.min_recall(self.min_recall)
        if self.confidence is not None:
            raise InvalidInput(
                "confidence of run must go with one minimum. Got a minimum for each class."
            )
        if self.cost_matrix is not None:
            matrix = in_order(self.cost_matrix, classes)
            return Policy(cost_matrix=matrix, floors=policy.floors)
        return replace(policy, goal=self.metric) if self.decides and self.metric else policy


def read_share(given: Any, name: str, owner: str = "run") -> Any:
    """A share as people write it; what is no text stays as it is.

    >>> read_share("80%", "min_precision"), read_share("0.8", "min_precision"), read_share(None, "")
    (0.8, 0.8, None)
    """
    if not isinstance(given, str):
        return given
    try:
        return _share(given)
    except ValueError:
        raise InvalidInput(
            f"{name} of {owner} must be a share such as 0.8 or 80%. Got {given!r}."
        ) from None


def _share(text: str) -> float:
    number = text.strip()
    # By ten's powers and not by a division, so that 80% is the 0.8 that was meant.
    try:
        return float(Decimal(number[:-1].strip()).scaleb(-2) if number.endswith("%") else number)
    except InvalidOperation as error:
        raise ValueError(text) from error


def read_min_recall(given: Any) -> float | dict[str, float]:
    """A minimum recall from text: one share, or one for each class.

    >>> read_min_recall("0.9"), read_min_recall("u2r=50%, r2l=0.3")
    (0.9, {'u2r': 0.5, 'r2l': 0.3})
    """
    try:
        if hasattr(given, "items"):
            return {str(label): _share(str(floor)) for label, floor in given.items()}
        if "=" not in given:
            return _share(given)
        pairs = (part.rpartition("=") for part in given.split(","))
        return {label.strip(): _share(floor) for label, _, floor in pairs}
    except (TypeError, ValueError):
        raise InvalidInput(
            "min_recall of run must be a number above 0 and at most 1, or class=number for several "
            f"classes. Got {given!r}."
        ) from None


def read_bands(text: str) -> tuple[float, ...]:
    """Two thresholds from text.

    >>> read_bands("0.02,0.4"), read_bands("2%, 40%")
    ((0.02, 0.4), (0.02, 0.4))
    """
    try:
        return tuple(_share(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(
            f"bands of run must be two probabilities, rising, such as 0.02,0.4. Got {text!r}."
        ) from None
