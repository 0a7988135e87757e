"""The numeric columns of any table: read by row as one array, written back in their own types."""

from evenkeel._numbers.base import BLOCK, Numbers
from evenkeel._numbers.find import all_numbers, numbers_of

__all__ = ["BLOCK", "Numbers", "all_numbers", "numbers_of"]
