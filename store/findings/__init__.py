"""What analysis found, as kept: signals, failure modes, observations, digests."""
