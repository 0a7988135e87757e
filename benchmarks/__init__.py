"""Speed and memory against peers, and the tables in docs/. Each module runs by `python -m`."""
