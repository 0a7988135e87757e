"""Rows of a plan as items of a data set: values, tuples or dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.plan import Plan

    Ints = NDArray[np.integer[Any]]


class Items:
    """Fetches the items that rows are, or are made from, and makes the others.

    Parameters
    ----------
    plan
        What was decided.
    data
        A data set with rows by number.
    feature
        The entry of dicts that holds the numbers; None for values and tuples.

    Raises
    ------
    InvalidInput
        Data of another length than the plan, or a plan that votes on categories.
    """

    def __init__(self, plan: Plan, data: Any, feature: str | None) -> None:
        if len(data) != plan.n_rows:
            raise InvalidInput(
                f"data of PlanDataset must have {plan.n_rows:,} rows, as the plan has. "
                f"Got {len(data):,}."
            )
        if any(block.election is not None for block in plan.made):
            raise InvalidInput(
                "plan of PlanDataset must not vote on categories where data are items. Give the table "
                "as an array, or use SMOTE on numbers."
            )
        self.plan, self.feature = plan, feature
        self.made = bool(plan.made)
        self.selected = not self.made and callable(getattr(data, "select", None))
        self.data = data.select(plan.rows) if self.selected else data

    def take(self, places: Ints) -> list[Any]:
        """The items at these places of the output."""
        if self.selected:
            return self._fetch(places)
        ids, origin = self.plan.rows[places], self.plan.origin(places)
        made = np.flatnonzero(ids >= self.plan.n_rows)
        sources = np.unique(np.concatenate([origin[:0], *self._sources(ids[made])]))
        needed = np.union1d(origin, sources)
        items = self._fetch(needed)
        self._check_shapes([items[at] for at in np.searchsorted(needed, sources).tolist()])
        out = [items[at] for at in np.searchsorted(needed, origin).tolist()]
        if made.size:
            numbers = self._numbers(ids[made], needed, items)
            for place, values in zip(made.tolist(), numbers, strict=True):
                out[place] = self._put(out[place], values)
        return out

    def _fetch(self, rows: Ints) -> list[Any]:
        wanted = rows.tolist()
        if callable(getattr(self.data, "__getitems__", None)):
            return list(self.data.__getitems__(wanted))
        return [self.data[row] for row in wanted]

    def _sources(self, ids: Ints) -> list[Ints]:
        """Rows of the data that made rows are computed from, however deep the chain."""
        found, starts = [], self.plan.starts
        while ids.size:
            base = ids < self.plan.n_rows
            found.append(ids[base])
            ids, deeper = ids[~base], []
            block_of = np.searchsorted(starts, ids, side="right") - 1
            for code in np.unique(block_of).tolist():
                at = ids[block_of == code] - starts[code]
                block = self.plan.made[code]
                deeper += [getattr(block, name)[at] for name in block.ids]
            ids = np.concatenate(deeper) if deeper else ids
        return found

    def _numbers(self, ids: Ints, needed: Ints, items: list[Any]) -> Any:
        """Numbers of rows by id, ``(n, ...)``."""
        starts = self.plan.starts
        block_of = np.searchsorted(starts, ids, side="right") - 1
        out: Any = None
        for code in np.unique(block_of).tolist():
            inside = np.flatnonzero(block_of == code)
            if code < 0:
                values = self._stacked(np.searchsorted(needed, ids[inside]), items)
            else:
                block = self.plan.made[code]
                values = block.make(
                    lambda wanted: self._numbers(wanted, needed, items), ids[inside] - starts[code]
                )
            if out is None:
                out = np.empty((ids.size, *values.shape[1:]), values.dtype)
            out[inside] = values
        return out

    def _stacked(self, at: Ints, items: list[Any]) -> NDArray[Any]:
        values = np.stack([np.asarray(self._feature(items[place])) for place in at.tolist()])
        if values.dtype.kind not in "biuf":
            raise InvalidInput(
                "data of PlanDataset must be numbers where rows are made between them. Got "
                f"{values.dtype}. Give tensors, or a plan that repeats rows (RandomOverSampler)."
            )
        return values

    def _check_shapes(self, items: list[Any]) -> None:
        shapes = {np.shape(self._feature(item)) for item in items}
        if len(shapes) > 1:
            raise InvalidInput(
                "data of PlanDataset must have numbers of one shape where rows are made between them. "
                f"Got {listed(sorted(shapes))}."
            )

    def _feature(self, item: Any) -> Any:
        if isinstance(item, dict):
            if self.feature not in item:
                raise InvalidInput(
                    f"feature of PlanDataset must be an entry of the items: {sorted(item)}. "
                    f"Got {self.feature!r}."
                )
            return item[self.feature]
        return item[0] if isinstance(item, (tuple, list)) else item

    def _put(self, item: Any, values: NDArray[Any]) -> Any:
        old = self._feature(item)
        whole = np.asarray(old).dtype.kind in "iu"
        new: Any = np.rint(values) if whole else values
        if isinstance(old, torch.Tensor):
            new = torch.from_numpy(np.ascontiguousarray(new)).to(old.dtype)
        elif isinstance(old, np.ndarray):
            new = new.astype(old.dtype)
        else:
            new = np.asarray(new).tolist()
        if isinstance(item, dict):
            return {**item, str(self.feature): new}
        return type(item)([new, *item[1:]]) if isinstance(item, (tuple, list)) else new
