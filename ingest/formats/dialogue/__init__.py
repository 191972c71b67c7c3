"""Who speaks in a turn, and what a turn holds beside words."""
