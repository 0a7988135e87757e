"""Every remedy, one frozen row: what the command line, the docs, the race and the tests read."""

from evenkeel.catalogue.specs import CATALOGUE, SHORTLIST, SIMPLE, find_remedies, find_remedy

__all__ = ["CATALOGUE", "SHORTLIST", "SIMPLE", "find_remedies", "find_remedy"]
