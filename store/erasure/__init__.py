"""Take traces out of a store, or text out of traces, so that nothing of it is left in the file but hashes."""
