"""`verify`: plan a comparison of two versions, run it so that nothing is lost, and tell what it proves."""
