"""From a signed fail to three files: a case held against the run it comes from, the lesson that it guards, a rubric."""
