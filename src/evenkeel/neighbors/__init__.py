"""The one neighbour engine: exact, Euclidean, never the row itself, ties by row number."""

from evenkeel.neighbors.mixed import mixed
from evenkeel.neighbors.neighbor_search import NeighborSearch
from evenkeel.neighbors.neighbors_by import neighbors_by
from evenkeel.neighbors.search import neighbors

__all__ = ["NeighborSearch", "mixed", "neighbors", "neighbors_by"]
