"""The numeric columns of any table: read by row as one array, written back in their own types."""

from evenkeel._numbers.base import BLOCK, Numbers
from evenkeel._numbers.find import all_numbers, check_flat, finite_part, numbers_of
from evenkeel._numbers.levels import levels

__all__ = ["BLOCK", "Numbers", "all_numbers", "check_flat", "finite_part", "levels", "numbers_of"]
