"""What people and evaluators said of a run."""
