"""Knowledge as files in git: lessons, rubrics, cases and verdict records under `.retrospan/`, and their index."""
