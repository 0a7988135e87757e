"""Rows of a plan as items of a data set: values, tuples or dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel._checks import listed
from evenkeel.augmented import Augmented
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
    owner
        Whose data they are, for messages.

    Raises
    ------
    InvalidInput
        Data of another length than the plan, or a plan that votes on categories.
    """

    def __init__(self, plan: Plan, data: Any, feature: str | None, owner: str) -> None:
        if len(data) != plan.n_rows:
            raise InvalidInput(
                f"data of {owner} must have {plan.n_rows:,} rows, as the plan has. "
                f"Got {len(data):,}."
            )
        if any(block.election is not None for block in plan.made):
            raise InvalidInput(
                f"plan of {owner} must not vote on categories where data are items. Give the table "
                "as an array, or use SMOTE on numbers."
            )
        self.plan, self.feature, self.owner = plan, feature, owner
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
        out = [items[at] for at in np.searchsorted(needed, origin).tolist()]
        if made.size:
            values = self._values(ids[made], needed, items)
            for place, value in zip(made.tolist(), values, strict=True):
                out[place] = self._put(out[place], value)
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

    def _values(self, ids: Ints, needed: Ints, items: list[Any]) -> list[Any]:
        """What rows hold, by id, as the items hold it."""
        starts = self.plan.starts
        block_of = np.searchsorted(starts, ids, side="right") - 1
        out: list[Any] = [None] * ids.size
        for code in np.unique(block_of).tolist():
            inside = np.flatnonzero(block_of == code)
            if code < 0:
                rows = np.searchsorted(needed, ids[inside]).tolist()
                found = [self._feature(items[row]) for row in rows]
            else:
                found = self._made_values(code, ids[inside] - starts[code], needed, items)
            for place, value in zip(inside.tolist(), found, strict=True):
                out[place] = value
        return out

    def _made_values(self, code: int, at: Ints, needed: Ints, items: list[Any]) -> list[Any]:
        """What rows of one block hold; the others that they are made from come first."""
        block = self.plan.made[code]
        if isinstance(block, Augmented):  # one by one: they may be of any kind and shape
            parents = self._values(block.parents[at], needed, items)
            return [block.change(*one) for one in zip(parents, at.tolist(), strict=True)]
        ids = np.unique(np.concatenate([getattr(block, name)[at] for name in block.ids]))
        numbers = self._stacked(self._values(ids, needed, items))
        made = block.make(lambda wanted: numbers[np.searchsorted(ids, wanted)], at)
        return [_as_held(values, self._feature(items[0])) for values in made]

    def _stacked(self, held: list[Any]) -> NDArray[Any]:
        shapes = {np.shape(one) for one in held}
        if len(shapes) > 1:
            raise InvalidInput(
                f"data of {self.owner} must have numbers of one shape where rows are made between "
                f"them. Got {listed(sorted(shapes))}."
            )
        values = np.stack([np.asarray(one) for one in held])
        if values.dtype.kind not in "biuf":
            raise InvalidInput(
                f"data of {self.owner} must be numbers where rows are made between them. Got "
                f"{values.dtype}. Give tensors, or a plan that repeats rows (RandomOverSampler)."
            )
        return values

    def _feature(self, item: Any) -> Any:
        if isinstance(item, dict):
            if self.feature not in item:
                raise InvalidInput(
                    f"feature of {self.owner} must be an entry of the items: {sorted(item)}. "
                    f"Got {self.feature!r}."
                )
            return item[self.feature]
        return item[0] if isinstance(item, (tuple, list)) else item

    def _put(self, item: Any, value: Any) -> Any:
        if isinstance(item, dict):
            return {**item, str(self.feature): value}
        if hasattr(item, "_fields"):  # a named tuple takes its parts one by one
            return type(item)(value, *item[1:])
        return type(item)([value, *item[1:]]) if isinstance(item, (tuple, list)) else value


def _as_held(values: NDArray[Any], old: Any) -> Any:
    """Made numbers of the kind and type that an item holds."""
    whole = np.asarray(old).dtype.kind in "iu"
    new: Any = np.rint(values) if whole else values
    if isinstance(old, torch.Tensor):
        return torch.from_numpy(np.ascontiguousarray(new)).to(old.dtype)
    return new.astype(old.dtype) if isinstance(old, np.ndarray) else np.asarray(new).tolist()
