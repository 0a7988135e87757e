"""Sigmoid losses: modules and functions of labels 0 and 1, one or several to a row."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from evenkeel.errors import InvalidInput
from evenkeel.nn.losses.base import (
    Loss,
    Reading,
    check_finite,
    check_labels,
    read_logits,
    reduced,
    working,
)
from evenkeel.nn.losses.cells import Cells, Task

if TYPE_CHECKING:
    from typing import Unpack

    from evenkeel.nn.losses.base import ReadingOptions
    from evenkeel.nn.losses.cells import Terms


class SigmoidLoss(Loss):
    """A loss of labels 0 and 1; a member answers ``_terms`` and may weigh the two sides."""

    up: Tensor | float  # weight of positive cells
    down: Tensor | float  # weight of negative cells

    def __init__(self, **options: Unpack[ReadingOptions]) -> None:
        super().__init__(Reading.of(options, type(self).__name__, class_dim=-1))
        self.up = self.down = 1.0
        self._weight_is = "weight"  # or "counts", where they follow from the cells of the two sides

    @abstractmethod
    def _terms(self) -> Terms: ...

    def _weigh(self, up: Any, down: Any) -> None:
        """Keep weights of the two sides: numbers as they are, vectors with the module."""
        for name, side in (("up", up), ("down", down)):
            if isinstance(side, float):
                setattr(self, name, side)
            else:
                delattr(self, name)
                self._hold(name, side)

    def extra_repr(self) -> str:
        """Weights of the two sides and how logits are read, for ``print``."""
        sides = [
            f"{name}={side:g}"
            for name in ("up", "down")
            if isinstance(side := getattr(self, name), float)
        ]
        return ", ".join([*sides, super().extra_repr()])

    @property
    def prior_parts(self) -> dict[str, Tensor]:
        """``prior_correction`` by where it comes from: ``"counts"`` or ``"weight"``."""
        held = self.prior_correction
        return {} if held is None else {self._weight_is: held}

    @property
    def prior_correction(self) -> Tensor | None:
        """Logarithm of the weights of the negative and the positive side, ``(2,)``, or None.

        With weights for several labels ``(n_labels, 2)``. :func:`evenkeel.nn.check_prior` reads it.
        """
        up = torch.as_tensor(self.up)
        down = torch.as_tensor(self.down).expand_as(up)
        return None if torch.equal(down, up) else torch.stack([down, up], -1).log()

    def _loss(
        self, scores: Tensor, target: Tensor, num_items: Tensor | float | None, *, check: bool
    ) -> Tensor:
        owner, sides = type(self).__name__, (self.up, self.down)
        return sigmoid_loss(
            scores, target, self._terms(), self.reading, num_items, sides=sides, owner=owner,
            check=check,
        )  # fmt: skip


def sigmoid_loss(
    scores: Tensor,
    target: Tensor,
    terms: Terms,
    reading: Reading,
    num_items: Tensor | float | None = None,
    *,
    sides: tuple[Tensor | float, Tensor | float] = (1.0, 1.0),
    owner: str,
    check: bool,
) -> Tensor:
    """Loss of a batch by its terms.

    Parameters
    ----------
    scores
        Logits ``(B,)``, ``(B, L)`` or of any shape; a two-class head ``(B, 2)`` with labels
        ``(B,)`` stands for the difference of its logits.
    target
        Labels 0 and 1 of the same shape, of any type.
    terms, reading, num_items
        What to compute, how to read, what the mean divides by.
    sides
        Weights of positive and of negative cells: numbers, or one for each label ``(L,)``.
    owner
        Name for messages.
    check
        Look at labels and the loss, which waits for the device.
    """
    check_labels(target, scores, owner)
    cells = _cells(scores, target, reading, owner)
    dim = reading.class_dim
    vectors = any(isinstance(side, Tensor) and side.numel() != 1 for side in sides)
    up, down = (_side(side, cells, dim, owner, vectors=vectors) for side in sides)
    laid, labels = _laid(cells, target, dim, vectors=vectors)
    task = Task(
        terms, reading.label_smoothing, reading.ignore_index, reading.reduction != "none", check, owner
    )  # fmt: skip
    loss, count = Cells.apply(laid, labels, up, down, task)  # type: ignore[no-untyped-call]
    loss = reduced(loss, count, num_items, reading.reduction, owner)
    if check:
        ignored = target == reading.ignore_index
        wide = ignored if ignored.ndim == scores.ndim else ignored.unsqueeze(dim)
        check_finite(loss, scores, wide, owner)
    return loss if task.whole else loss.view(target.shape)


def sigmoid_call(
    logits: Any,
    target: Tensor,
    terms: Terms,
    num_items: Tensor | float | None,
    options: ReadingOptions,
    owner: str,
    *,
    sides: tuple[Tensor | float, Tensor | float] = (1.0, 1.0),
) -> Tensor:
    """What the functional forms do: labels are checked on the CPU, devices are not waited for."""
    scores = read_logits(logits, owner)
    check = scores.device.type == "cpu" and not torch.compiler.is_compiling()
    reading = Reading.of(options, owner, class_dim=-1)
    return sigmoid_loss(
        scores, target, terms, reading, num_items, sides=sides, owner=owner, check=check
    )


def _cells(scores: Tensor, target: Tensor, reading: Reading, owner: str) -> Tensor:
    """One logit for each label."""
    if scores.shape == target.shape:
        return scores
    dim = reading.class_dim
    if scores.ndim == target.ndim + 1 and -scores.ndim <= dim < scores.ndim:
        parts = scores.unbind(dim)
        if parts and parts[0].shape == target.shape and len(parts) <= 2:
            wide = [part.to(working(scores)) for part in parts]
            return parts[0] if len(parts) == 1 else wide[1] - wide[0]
    raise InvalidInput(
        f"target of {owner} must have the shape of the logits, {tuple(scores.shape)}: 0 or 1 for "
        f"each label. Got {tuple(target.shape)}. (A head of one or two logits takes labels without "
        f"its axis, class_dim={dim}.)"
    )


def _side(
    side: Tensor | float, cells: Tensor, dim: int, owner: str, *, vectors: bool
) -> Tensor | float:
    """A weight as a number, or as a vector that lies along the labels."""
    if not vectors:  # one number in a tensor serves all labels
        if isinstance(side, Tensor):
            return side.to(cells.device, working(cells)).reshape(())
        return side
    n_labels = cells.shape[dim] if -cells.ndim <= dim < cells.ndim else 0
    if isinstance(side, Tensor) and side.numel() != 1 and side.shape != (n_labels,):
        raise InvalidInput(
            f"Weights of {owner} must be numbers, or one for each of the {n_labels} labels of the "
            f"logits. Got shape {tuple(side.shape)}."
        )
    ready = torch.as_tensor(side, device=cells.device, dtype=working(cells))
    return ready.reshape(-1).expand(n_labels).unsqueeze(-1)


def _laid(cells: Tensor, target: Tensor, dim: int, *, vectors: bool) -> tuple[Tensor, Tensor]:
    """Logits and labels in a row, or ``(outer, labels, inner)`` where labels have weights."""
    if not vectors:
        return cells.reshape(-1), target.reshape(-1)
    axis = dim % cells.ndim
    outer, inner = math.prod(cells.shape[:axis]), math.prod(cells.shape[axis + 1 :])
    shape = (outer, cells.shape[axis], inner)
    return cells.reshape(shape), target.reshape(shape)
