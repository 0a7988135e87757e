"""Tables to try things on: simulated card payments, and scikit-learn's bundled sets made rare."""

from evenkeel.samples.bundled import rare
from evenkeel.samples.cards import payments

__all__ = ["payments", "rare"]
