"""Traces, differences, suspects, hits and reviews as compact text for a model, inside a budget of tokens."""
