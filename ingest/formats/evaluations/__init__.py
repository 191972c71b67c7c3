"""Results of evaluations, data sets and past reviews."""
