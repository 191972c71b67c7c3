"""What is known: models, schema, content, search, reviews, knowledge files, signatures. No model calls, no UI."""
