"""Understanding runs: signals, siblings, suspects, differences, comparison of groups, paths."""
