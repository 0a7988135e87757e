"""What other programs read: model files that are safe to load, and tables."""

from evenkeel.export.skops_file import load_model, model_bytes, save_model, unsaved
from evenkeel.export.table_file import check_table_path, write_table

__all__ = ["check_table_path", "load_model", "model_bytes", "save_model", "unsaved", "write_table"]
