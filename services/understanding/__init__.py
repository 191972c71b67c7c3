"""Understanding runs: signals, siblings, suspects, differences."""
