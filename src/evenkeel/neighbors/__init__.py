"""The one neighbour engine: exact, Euclidean, never the row itself, ties by row number."""

from evenkeel.neighbors.mixed import mixed
from evenkeel.neighbors.search import neighbors, neighbors_by

__all__ = ["mixed", "neighbors", "neighbors_by"]
