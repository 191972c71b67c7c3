"""Workflow paths: which ways runs take, how often they fail there, and which of them nobody has tested."""
