"""Commands that prove a fix."""
