"""Whether an assistant answers questions about recorded runs better through Retrospan than through files or SQL."""
