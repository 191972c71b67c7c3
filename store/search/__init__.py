"""Finding traces: words and filters, vectors, counts."""
