"""The shares of the classes among tokens, where whole rows are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput
from evenkeel.nn.samplers.class_rows import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TokenDraws:
    """What :func:`evenkeel.nn.check_prior` asks of a sampler, of tokens rather than rows.

    Parameters
    ----------
    classes
        Codes of the tokens' classes.
    prior, drawn_prior
        Their shares among all tokens, and among those of the rows that are drawn, ``(n_classes,)``.
    __name__
        Who draws the rows.
    """

    classes: tuple[int, ...]
    prior: Floats
    drawn_prior: Floats
    __name__: str


def token_draws(tags: Any, sampler: Any, n_classes: int | None) -> TokenDraws:
    """Follow the classes of tokens through draws of whole rows.

    A row of class ``r`` is drawn ``drawn_r / prior_r`` times as often as by plain shuffling, and its
    tokens with it.

    Parameters
    ----------
    tags
        Class codes of each row's tokens: ``n_rows`` sequences; -100 does not count.
    sampler
        A sampler of this package, torch's ``WeightedRandomSampler``, or None for plain shuffling.
    n_classes
        Of the model; None: those that occur.

    Raises
    ------
    InvalidInput
        No tokens, or codes outside the classes.

    Examples
    --------
    >>> from evenkeel.nn import BalancedSampler
    >>> sentences = [[0, 0, -100]] * 3 + [[0, 1, -100]]
    >>> found = token_draws(sentences, BalancedSampler([0, 0, 0, 1]), 2)
    >>> found.prior.tolist(), found.drawn_prior.tolist()
    ([0.875, 0.125], [0.75, 0.25])
    """
    lengths = np.array([len(row) for row in tags])
    codes = np.concatenate([np.asarray(row, np.int64) for row in tags])
    counted = codes != IGNORED
    codes = codes[counted]
    most = int(codes.max(initial=-1)) + 1 if n_classes is None else n_classes
    if not codes.size or codes.min() < 0 or codes.max() >= most:
        wrong = np.unique(codes[(codes < 0) | (codes >= most)])[:5].tolist() or "none"
        raise InvalidInput(
            f"labels of tokens in train_dataset must be from 0 to {max(most, 1) - 1}, as the model's "
            f"num_labels says, or {IGNORED}. Got {wrong}."
        )
    weight = np.repeat(_row_weights(sampler, len(lengths)), lengths)[counted]
    natural = np.bincount(codes, minlength=most) / codes.size
    drawn = np.bincount(codes, weights=weight, minlength=most)
    name = "plain shuffling" if sampler is None else type(sampler).__name__
    return TokenDraws(tuple(range(most)), natural, drawn / drawn.sum(), name)


def _row_weights(sampler: Any, n_rows: int) -> Floats:
    """How often each row is drawn, up to a factor, ``(n_rows,)``."""
    if sampler is None:
        return np.ones(n_rows)
    if not hasattr(sampler, "class_rows"):
        return np.asarray(sampler.weights.detach().cpu().double().numpy())
    found, weight = sampler.class_rows, np.empty(n_rows)
    drawn = getattr(sampler, "last_prior", sampler.drawn_prior)
    often = np.divide(drawn, found.shares, out=np.zeros(len(drawn)), where=found.shares > 0)
    weight[found.rows] = np.repeat(often, found.counts)
    return weight
