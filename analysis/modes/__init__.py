"""Failure modes: what a run is like as numbers, which mode it joins, and what a mode is called. No store, no model."""
