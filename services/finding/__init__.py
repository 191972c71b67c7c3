"""Finding runs: lists, search by words and meaning, counts, what is failing."""
