"""Losses against their peers: time forward and backward, memory traffic, and what is kept between.

Part of ``python -m benchmarks.nn``. Losses take turns in one process on one thread; a ratio is the
median over the turns. Seconds are the processor's, so that other load on the machine does not count
(on a device: wall clock, waited for). Traffic is what all operations of a step read and write in
arrays of the size of the logits, in multiples of the logits; scratch that stays in the cache is no
traffic. Kept are the bytes saved for the backward pass, in the same unit.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from evenkeel.nn import (
    AsymmetricLoss,
    ClassWeightedLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    SigmoidFocalLoss,
    VectorScalingLoss,
    WeightedBCE,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

CLASSES = [(64, 10), (4096, 10), (65536, 2), (4096, 100), (512, 1000), (4, 21, 128, 128)]
CELLS = [(1024, 80), (256, 9605), (2, 100_000, 8), (8, 1, 512, 512)]
POSITIVE, TURNS, TURN_SECONDS = 0.05, 15, 0.02


def torchvision_focal(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The formula of ``torchvision.ops.sigmoid_focal_loss``, mean, with its default alpha and gamma."""
    p = torch.sigmoid(x)
    nll = functional.binary_cross_entropy_with_logits(x, y, reduction="none")
    right = p * y + (1 - p) * (1 - y)
    loss = nll * ((1 - right) ** 2.0)
    return ((0.25 * y + 0.75 * (1 - y)) * loss).mean()


def reference_asymmetric(x: torch.Tensor, y: torch.Tensor, *, held: bool = False) -> torch.Tensor:
    """The formula of the paper's own code; ``held``: its default, no gradient through the factor."""
    p = torch.sigmoid(x)
    q = (1 - p + 0.05).clamp(max=1)
    loss = y * torch.log(p.clamp(min=1e-8)) + (1 - y) * torch.log(q.clamp(min=1e-8))
    with torch.set_grad_enabled(not held):
        right = p * y + q * (1 - y)
        factor = torch.pow(1 - right, 1 * y + 4 * (1 - y))
    return -(loss * factor).sum()


def softmax_losses(counts: list[int]) -> dict[str, Loss]:
    """Losses of one class to a row."""
    return {
        "class weights": ClassWeightedLoss(counts),
        "focal": FocalLoss(2.0),
        "logit adjusted": LogitAdjustedLoss(counts),
        "vector scaling": VectorScalingLoss(counts),
    }


def softmax_ratios(x: torch.Tensor, y: torch.Tensor) -> tuple[float, dict[str, float]]:
    """Milliseconds of ``cross_entropy``, and its multiples; LDAM on cosines, smoothed on smoothed."""
    plain = functional.cross_entropy
    counts = list(range(10, 10 + x.shape[1]))
    found = times({"": plain, **softmax_losses(counts)}, x, y)
    ratios = {name: ratio(took, found[""]) for name, took in found.items() if name}
    cosines = functional.normalize(x.detach(), dim=1).requires_grad_()
    margins = times({"": plain, "LDAM": LDAMLoss(counts)}, cosines, y)
    ratios["LDAM"] = ratio(margins["LDAM"], margins[""])
    smooth = {"": lambda a, b: plain(a, b, label_smoothing=0.1)}
    smooth["smoothed"] = ClassWeightedLoss(counts, label_smoothing=0.1)
    smoothed = times(smooth, x, y)
    ratios["smoothed"] = ratio(smoothed["smoothed"], smoothed[""])
    return 1e3 * statistics.median(found[""]), ratios


CELL_PAIRS: dict[str, tuple[Loss, Loss]] = {
    "sigmoid focal, torchvision's formula": (SigmoidFocalLoss(2.0, 0.25), torchvision_focal),
    "asymmetric, the paper's code, same gradient": (AsymmetricLoss(4.0, 1.0), reference_asymmetric),
    "asymmetric, the paper's code, factor held fixed": (
        AsymmetricLoss(4.0, 1.0),
        partial(reference_asymmetric, held=True),
    ),
    "WeightedBCE, torch's": (
        WeightedBCE(pos_weight=7.0),
        lambda x, y: functional.binary_cross_entropy_with_logits(
            x, y, pos_weight=x.new_tensor(7.0)
        ),
    ),
}


class Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes that operations read and write in large arrays, and how many operations there are."""

    def __init__(self, large: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.large, self.bytes, self.operations = large, 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count one operation."""
        del types
        result = func(*args, **(kwargs or {}))
        if func.is_view or "empty" in str(func):
            return result
        self.operations += 1
        results = result if isinstance(result, tuple | list) else [result]
        touched = [*args, *results]
        few = [one for one in touched if isinstance(one, torch.Tensor)]
        if any(word in str(func) for word in ("gather", "scatter", "index_select")):
            return result  # a cell of each row
        for one in few:
            if one.untyped_storage().nbytes() >= self.large:
                self.bytes += one.numel() * one.element_size()
        return result


def step(loss: Loss, x: torch.Tensor, y: torch.Tensor) -> None:
    """Forward and backward."""
    x.grad = None
    loss(x, y).backward()  # type: ignore[no-untyped-call]


def traffic(loss: Loss, x: torch.Tensor, y: torch.Tensor) -> str:
    """Operations, traffic and what is kept, in words."""
    size, kept = x.numel() * x.element_size(), {}

    def pack(one: torch.Tensor) -> torch.Tensor:
        kept[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes()
        return one

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda one: one):
        loss(x, y)
    with Traffic(size // 2) as seen:
        step(loss, x, y)
    return f"{seen.bytes / size:.0f} | {sum(kept.values()) / size:.1f}"


def times(losses: dict[str, Loss], x: torch.Tensor, y: torch.Tensor) -> dict[str, list[float]]:
    """Seconds of a step in each turn."""
    device = x.device.type
    clock = time.process_time if device == "cpu" else time.perf_counter

    def wait() -> None:
        if device != "cpu":
            torch.accelerator.synchronize()

    found: dict[str, list[float]] = {name: [] for name in losses}
    step(next(iter(losses.values())), x, y)
    for turn in range(TURNS + 1):
        for name, loss in losses.items():
            wait()
            start, steps = clock(), 0
            while steps == 0 or clock() - start < TURN_SECONDS:
                step(loss, x, y)
                steps += 1
            wait()
            if turn:  # the first one warms up
                found[name].append((clock() - start) / steps)
    return found


def ratio(one: list[float], other: list[float]) -> float:
    """The median of the ratios of the turns."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def losses(device: str = "cpu") -> None:
    """The two tables of losses."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    names = [*softmax_losses([10, 11]), "LDAM", "smoothed"]
    print(f"| logits | cross_entropy, ms | {' | '.join(names)} |")
    print(f"| --- | ---: |{' ---: |' * len(names)}")
    for shape in CLASSES:
        x = (3 * torch.randn(shape, device=device)).requires_grad_()
        y = torch.randint(0, shape[1], (shape[0], *shape[2:]), device=device)
        took, ratios = softmax_ratios(x, y)
        cells = " | ".join(f"{ratios[name]:.2f}" for name in names)
        print(f"| {shape} | {took:.3f} | {cells} |", flush=True)
    print("\n| loss, peer | logits | ms | times faster | traffic | kept | peer's traffic | kept |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for shape in CELLS:
        x = (3 * torch.randn(shape, device=device)).requires_grad_()
        y = (torch.rand(shape, device=device) < POSITIVE).float()
        for name, (mine, peer) in CELL_PAIRS.items():
            found = times({"mine": mine, "peer": peer}, x, y)
            print(
                f"| {name} | {shape} | {1e3 * statistics.median(found['mine']):.2f} "
                f"| {ratio(found['peer'], found['mine']):.1f} "
                f"| {traffic(mine, x, y)} | {traffic(peer, x, y)} |",
                flush=True,
            )
