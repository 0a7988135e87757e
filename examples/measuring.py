"""What the runs of this folder have in common: options, seconds, peak memory, a table in Markdown.

A helper of ``python -m examples.digits`` and the others: it runs nothing itself. All of them are started
from the root of the repository.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

import joblib
import numpy as np
import psutil
import torch


def options(
    about: str, *, each: str, epochs: int, rate: float, short: str
) -> argparse.ArgumentParser:
    """Options of a run: what a seed draws anew, the defaults, and what the short form is."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seeds", type=int, default=1, help=f"how many, each with {each}")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate")
    parser.add_argument("--short", action="store_true", help=short)
    parser.add_argument(
        "--threads", type=int, help="of torch; default: the cores at hand, one with --short"
    )
    return parser


def bound_threads(asked: argparse.Namespace) -> None:
    """As many threads of torch as asked for; never more than cores, which would wait for each other.

    The short forms are so small that a second thread is mostly waited for.
    """
    most = min(torch.get_num_threads(), joblib.cpu_count())  # of this process, not of the machine
    torch.set_num_threads(asked.threads or (1 if asked.short else most))


class Peak:
    """Seconds and most memory of this process while a block runs, in MB, looked at fifty times a second.

    Of a GPU too, where the device is one.
    """

    def __init__(self, device: str) -> None:
        self.device = device

    def __enter__(self) -> Peak:
        self.memory, self.gpu, self._done = 0.0, 0.0, threading.Event()
        self._start = time.perf_counter()
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        self.seconds = time.perf_counter() - self._start
        if self.device == "cuda":
            self.gpu = torch.cuda.max_memory_allocated() / 2**20

    def _look(self) -> None:
        process = psutil.Process()
        while True:
            self.memory = max(self.memory, process.memory_info().rss / 2**20)
            if self._done.wait(0.02):
                return

    def cost(self, rows: int) -> dict[str, float]:
        """What the block took, for a row of the table."""
        return {"rows": rows, "seconds": self.seconds, "memory": self.memory, "gpu": self.gpu}


COST = ("rows seen", "seconds", "peak MB", "GPU MB")


def cost_cells(runs: list[dict[str, float]]) -> list[str]:
    """Means over the runs of an arm, under the heads of ``COST``."""
    of = {
        name: np.mean([run[name] for run in runs]) for name in ("rows", "seconds", "memory", "gpu")
    }
    gpu = f"{of['gpu']:,.0f}" if of["gpu"] else "-"
    return [f"{of['rows']:,.0f}", f"{of['seconds']:.1f}", f"{of['memory']:,.0f}", gpu]


def spread(values: list[float]) -> str:
    """Mean over the seeds and, from two seeds on, their standard deviation."""
    own = f"{np.mean(values):.3f}"
    return own if len(values) < 2 else f"{own} ± {np.std(values, ddof=1):.3f}"


def signed(mean: float, error: float, digits: int) -> str:
    """A difference and, where there is one, its standard error."""
    own = f"{mean:+.{digits}f}"
    return f"{own} ± {error:.{digits}f}" if np.isfinite(error) else own


def difference(one: list[float], other: list[float]) -> tuple[float, float]:
    """Mean difference over seeds that are pairs, and its standard error; NaN of one seed."""
    apart = np.subtract(one, other)
    error = np.std(apart, ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else float("nan")
    return float(np.mean(apart)), float(error)


def markdown(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def recalls(cells: np.ndarray) -> np.ndarray:
    """Recall of each class ``(n_classes,)`` from counts ``(true, called)``."""
    return np.diag(cells) / cells.sum(1)


def balanced(runs: list[dict[str, Any]]) -> list[float]:
    """Balanced accuracy of each seed."""
    return [float(recalls(run["cells"]).mean()) for run in runs]
