"""The one neighbour engine: exact, Euclidean, never the row itself, ties by row number."""

from evenkeel.neighbors.mixed import mixed
from evenkeel.neighbors.neighbor_search import NeighborSearch
from evenkeel.neighbors.search import neighbors, neighbors_by

__all__ = ["NeighborSearch", "mixed", "neighbors", "neighbors_by"]
