"""Commands on failure modes, observations and the digest."""
