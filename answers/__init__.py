"""What is known, as compact text for a model inside a budget of tokens."""
