"""Questions in SQL: a process of its own that sees a store through a few views, and can do nothing else."""
