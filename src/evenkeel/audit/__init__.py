"""What is wrong with a table, before anything is learnt from it."""

from evenkeel.audit.duplicates import copies_of, duplicate_ids
from evenkeel.audit.finding import Finding
from evenkeel.audit.looks import audit
from evenkeel.audit.second import NOT_DEPLOYMENT, not_deployment

__all__ = ["NOT_DEPLOYMENT", "Finding", "audit", "copies_of", "duplicate_ids", "not_deployment"]
