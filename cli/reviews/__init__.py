"""Commands on reviewing, people and the history."""
