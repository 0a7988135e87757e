"""Model files that are safe to load."""

from evenkeel.export.skops_file import load_model, save_model

__all__ = ["load_model", "save_model"]
