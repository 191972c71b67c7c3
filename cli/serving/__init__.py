"""Commands that serve, connect and check."""
