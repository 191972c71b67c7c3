"""What the history proves: the chain, its checkpoints, what reviewers saw, and who read what."""
