"""Parts for the Trainer of Hugging Face Transformers.

Losses need no part of their own: ``Trainer(compute_loss_func=loss)``. Importing this folder does not
import transformers; :class:`EpochCallback` does, when it is asked for.
"""

from typing import Any

from evenkeel._optional import need
from evenkeel.nn.huggingface.balanced_trainer_mixin import BalancedTrainerMixin
from evenkeel.nn.huggingface.check_trainer import check_trainer
from evenkeel.nn.huggingface.compute_metrics import make_compute_metrics
from evenkeel.nn.huggingface.decided_model import DecidedModel, decide_on

__all__ = [
    "BalancedTrainerMixin",
    "DecidedModel",
    "EpochCallback",
    "check_trainer",
    "decide_on",
    "make_compute_metrics",
]


def __getattr__(name: str) -> Any:
    if name != "EpochCallback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    need("transformers", extra="text")
    from evenkeel.nn.huggingface.epoch_callback import EpochCallback

    globals()[name] = EpochCallback
    return EpochCallback
