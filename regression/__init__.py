"""Cases as files, the runner and the pytest plugin."""
