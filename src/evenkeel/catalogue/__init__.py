"""Every remedy, one frozen row: what the command line, the docs, the race and the tests read."""

from evenkeel.catalogue.own import OBJECT, Own, as_texts, named
from evenkeel.catalogue.specs import (
    ANOMALIES,
    CATALOGUE,
    SHORTLIST,
    SIMPLE,
    THINNED,
    THINNING,
    find_remedies,
    find_remedy,
    usual_remedies,
)

__all__ = [
    "ANOMALIES",
    "CATALOGUE",
    "OBJECT",
    "SHORTLIST",
    "SIMPLE",
    "THINNED",
    "THINNING",
    "Own",
    "as_texts",
    "find_remedies",
    "find_remedy",
    "named",
    "usual_remedies",
]
