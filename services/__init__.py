"""The use cases, each once: where store, ingest and analysis meet."""
