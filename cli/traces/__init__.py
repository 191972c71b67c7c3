"""Commands on runs: bring in, list, show, compare, explain."""
