"""Splits that keep rare classes, whole groups, whole sets of duplicates, and the order of time."""

from evenkeel.split.asked import check_asked
from evenkeel.split.at_the_end import earlier_by
from evenkeel.split.folds import ROWS_PER_FOLD, Folds, make_folds
from evenkeel.split.held_out import Split, hold_out
from evenkeel.split.spans import in_words, near_any

__all__ = [
    "ROWS_PER_FOLD",
    "Folds",
    "Split",
    "check_asked",
    "earlier_by",
    "hold_out",
    "in_words",
    "make_folds",
    "near_any",
]
