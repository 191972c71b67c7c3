"""Sources of evidence for suspects, one small module per source."""
