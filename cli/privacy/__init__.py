"""Commands on what must not stay in a store."""
