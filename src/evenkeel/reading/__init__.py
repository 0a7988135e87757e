"""Any table, in a file or in memory, as a clean polars frame."""
