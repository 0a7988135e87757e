"""What decisions cost: numbers, a matrix, or columns of the table for costs of each row."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes
from evenkeel._checks import check_number
from evenkeel.decide.amounts import MOST, check_stakes, plain_number, read_columns, squeezed
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_PARTS = {(1, 0): "cost_fn", (0, 1): "cost_fp", (1, 1): "cost_tp", (0, 0): "cost_tn"}


@dataclass(frozen=True)
class Costs:
    """What each decision costs for each true class.

    Parameters
    ----------
    table
        ``(n_classes, n_classes)``: rows are true classes, columns decisions; each entry a number
        from 0 to 1e100, or (two classes) the name of a column that holds it for each row. Any unit.

    Raises
    ------
    InvalidInput, InvalidType
        Entries that are negative, above 1e100, missing or not numbers, or costs under which one
        decision is never dearer.

    Examples
    --------
    >>> fraud = Costs(((0.0, 4.0), (122.0, 0.0)))
    >>> round(fraud.threshold, 4)
    0.0317
    """

    table: tuple[tuple[float | str, ...], ...]

    def __post_init__(self) -> None:
        n_classes = len(self.table)
        if n_classes < 2 or any(len(row) != n_classes for row in self.table):
            raise InvalidInput("A cost matrix must have one row and one column for each class.")
        plain = tuple(tuple(plain_number(entry) for entry in row) for row in self.table)
        object.__setattr__(self, "table", plain)
        for true, row in enumerate(self.table):
            for decided, entry in enumerate(row):
                self._check_entry(entry, true, decided)
        if self.columns and n_classes > 2:
            raise InvalidInput("Costs from columns need two classes; give a matrix of numbers.")
        if all(len(set(row)) == 1 for row in self.table):
            raise InvalidInput(
                "These costs make every decision equal: within each true class all decisions cost "
                "the same. Give a miss or a false alarm its own cost."
            )
        if n_classes == 2:
            self._check_pull()

    def _check_entry(self, entry: Any, true: int, decided: int) -> None:
        name = f"cost[{true}][{decided}]"
        name = _PARTS.get((true, decided), name) if len(self.table) == 2 else name
        if isinstance(entry, str) and entry:
            return
        if isinstance(entry, bool) or not isinstance(entry, Real):
            raise InvalidType(
                f"{name} of Policy must be a number or the name of a column. Got {entry!r}."
            )
        given: Any = entry  # the type of all real numbers knows no order
        if MOST < given < np.inf:
            raise InvalidInput(
                f"{name} of Policy must be a number of at least 0 and at most {MOST:g}. "
                f"Got {entry!r}. Give costs in a larger unit."
            )
        check_number(entry, name, "Policy", low=0.0)

    def _check_pull(self) -> None:
        """Whether each kind of error costs anything, as far as it can be told without the rows."""
        (tn, fp), (fn, tp) = self.table
        if not _may_exceed(fn, tp):
            raise InvalidInput(
                f"A miss (cost_fn {_amount(fn)}) must cost more than a caught case "
                f"(cost_tp {_amount(tp)}); otherwise never acting is cheapest and no threshold is "
                "needed."
            )
        if not _may_exceed(fp, tn):
            raise InvalidInput(
                f"A false alarm (cost_fp {_amount(fp)}) must cost more than leaving a row alone "
                f"(cost_tn {_amount(tn)}); otherwise always acting is cheapest and no threshold is "
                "needed."
            )

    def check_rows(self, columns: Mapping[str, Any] | None, n_rows: int) -> None:
        """Raise InvalidInput where one decision is never dearer, whatever a row's class.

        Of the rows of later tables nothing is asked: there every amount may be 0.
        """
        if not self.columns:
            return
        (tn, fp), (fn, tp) = self._entries(columns, n_rows)
        check_stakes(fn - tp, fp - tn, names=self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that hold costs, each once."""
        names = (entry for row in self.table for entry in row if isinstance(entry, str))
        return tuple(dict.fromkeys(names))

    @property
    def threshold(self) -> float:
        """Elkan's threshold for calibrated probabilities; with columns that of the effective score.

        ``(c_fp - c_tn) / ((c_fp - c_tn) + (c_fn - c_tp))``, two classes.

        References
        ----------
        Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, equation 2.
        """
        if self.columns:
            return 0.5
        (tn, fp), (fn, tp) = ((float(entry) for entry in row) for row in self.table)
        return (fp - tn) / ((fp - tn) + (fn - tp))

    def of_rows(self, y: ArrayLike, *, columns: Mapping[str, Any] | None = None) -> Floats:
        """What each decision would cost for each row, given its true class.

        Parameters
        ----------
        y
            ``(n_rows,)``: class codes.
        columns
            The named columns, each ``(n_rows,)``.

        Returns
        -------
        array
            ``(n_rows, n_classes)``.

        Raises
        ------
        InvalidInput
            A column that is missing, of another length, negative or not finite.

        Examples
        --------
        >>> Costs(((0.0, 4.0), ("amount", 0.0))).of_rows([0, 1], columns={"amount": [50, 90]}).tolist()
        [[0.0, 4.0], [90.0, 0.0]]
        """
        codes = as_codes(y, owner="Policy", n_classes=len(self.table))
        if not self.columns:
            return np.asarray(self.table, dtype=np.float64)[codes]
        (tn, fp), (fn, tp) = self._entries(columns, codes.size)
        hit = codes == 1
        return np.stack([np.where(hit, fn, tn), np.where(hit, tp, fp)], axis=1)

    def effective(self, p: Floats, *, columns: Mapping[str, Any] | None = None) -> Floats:
        """The score that is put against the threshold: ``p`` itself, or its share of the stakes.

        With columns ``e = p w_1 / (p w_1 + (1 - p) w_0)``, where ``w_1 = c_fn - c_tp`` is what a miss
        adds and ``w_0 = c_fp - c_tn`` what a false alarm adds; ``e > 1/2`` is Elkan's rule. A row
        where acting cannot pay (``w_1 <= 0``) gets 0.

        Parameters
        ----------
        p
            ``(..., n_rows)``: calibrated probabilities of the positive class.
        columns
            The named columns, each ``(n_rows,)``.

        Returns
        -------
        array
            In the shape of ``p``, within [0, 1].

        Examples
        --------
        >>> rule = Costs(((0.0, 4.0), ("amount", 0.0)))
        >>> rule.effective(np.array([0.1, 0.1]), columns={"amount": [4.0, 36.0]}).tolist()
        [0.1, 0.5]
        """
        if not self.columns:
            return p
        (tn, fp), (fn, tp) = self._entries(columns, p.shape[-1])
        miss, alarm = fn - tp, fp - tn
        upside_down = np.flatnonzero((miss < 0.0) & (alarm < 0.0))
        if upside_down.size:
            raise InvalidInput(
                f"Costs of {upside_down.size:,} rows (first: row {upside_down[0]:,}) reward the wrong "
                "decision: there a miss costs less than a caught case and a false alarm less than "
                "leaving the row alone."
            )
        stake = p * np.maximum(miss, 0.0)
        whole = stake + (1.0 - p) * np.maximum(alarm, 0.0)
        return np.divide(stake, whole, out=np.zeros_like(stake), where=whole > 0.0)

    def saving(self, p: Floats, *, columns: Mapping[str, Any] | None = None) -> Floats:
        """What acting on a row saves, squeezed into [0, 1]: what rows compete by for a capacity.

        The expected saving ``g = p w_1 - (1 - p) w_0`` with the weights of :meth:`effective`, on the
        log scale of ``squeezed``, so 1/2 is Elkan's rule; without columns ``p``, whose order is the
        same.

        >>> rule = Costs(((0.0, 4.0), ("amount", 0.0)))
        >>> rule.saving(np.array([0.5, 0.5]), columns={"amount": [4.0, 6.0]}).round(6).tolist()
        [0.5, 0.75]
        """
        if not self.columns:
            return p
        (tn, fp), (fn, tp) = self._entries(columns, p.shape[-1])
        saved = p * (fn - tp) - (1.0 - p) * (fp - tn)
        return squeezed(saved)

    def expected(
        self, proba: Floats, decided: Any, *, columns: Mapping[str, Any] | None = None
    ) -> Floats:
        """Expected cost of the decision on each row, ``sum_c p_c cost[c, decided]``, ``(n_rows,)``.

        >>> Costs(((0.0, 4.0), (122.0, 0.0))).expected(np.array([[0.9, 0.1]]), [0]).tolist()
        [12.200000000000001]
        """
        codes = np.asarray(decided)
        if not self.columns:
            return np.asarray(
                (proba * np.asarray(self.table, dtype=np.float64).T[codes]).sum(axis=1)
            )
        (tn, fp), (fn, tp) = self._entries(columns, len(proba))
        return np.where(
            codes == 1, proba[:, 0] * fp + proba[:, 1] * tp, proba[:, 0] * tn + proba[:, 1] * fn
        )

    def gains(self) -> Floats:
        """What each decision saves for each true class against the dearest one, ``(K, K)``.

        ``argmax_d sum_c p_c gains[c, d]`` is the decision of least expected cost.

        >>> Costs(((0, 1, 1), (5, 0, 5), (2, 2, 0))).gains().tolist()
        [[1.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 2.0]]
        """
        table = np.asarray(self.table, dtype=np.float64)
        dearest: Floats = table.max(axis=1, keepdims=True)
        return dearest - table

    def sentence(self) -> str:
        """The costs in plain words, with the rule they make for calibrated probabilities."""
        if len(self.table) > 2:
            rows = "; ".join(" ".join(_amount(entry) for entry in row) for row in self.table)
            return f"cost matrix (rows true, columns decided): {rows}"
        (tn, fp), (fn, tp) = self.table
        words = f"cost: a miss {_amount(fn)}, a false alarm {_amount(fp)}"
        if tp != 0.0 or tn != 0.0:
            words += f", a caught case {_amount(tp)}, a row left alone {_amount(tn)}"
        return f"{words}; act when {self.rule()} if calibrated"

    def rule(self, factor: float = 1.0) -> str:
        """When to act on a row, in words; ``factor`` weighs the false alarm of a rule per row."""
        if not self.columns:
            return f"p > {self.threshold:.3g}"
        (tn, fp), (fn, tp) = self.table
        lead = "" if factor == 1.0 else f"{factor:.3g} x "
        return f"p x {_stake(fn, tp)} > {lead}(1 - p) x {_stake(fp, tn)}"

    def _entries(self, columns: Mapping[str, Any] | None, n_rows: int) -> list[list[Floats]]:
        values = read_columns(self.columns, columns, n_rows)
        return [
            [
                values[entry] if isinstance(entry, str) else np.full(n_rows, float(entry))
                for entry in row
            ]
            for row in self.table
        ]


def _stake(wrong: float | str, right: float | str) -> str:
    return _amount(wrong) if right == 0.0 else f"({_amount(wrong)} - {_amount(right)})"


def _amount(entry: float | str) -> str:
    return entry if isinstance(entry, str) else f"{entry:g}"


def _may_exceed(wrong: float | str, right: float | str) -> bool:
    """Whether a wrong decision may cost more than the right one; columns tell that by their rows."""
    if isinstance(wrong, str) or isinstance(right, str):
        return wrong != right
    return wrong > right
