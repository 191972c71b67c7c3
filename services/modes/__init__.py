"""Failure modes: gathering, naming, their life, observations, samples, the digest."""
