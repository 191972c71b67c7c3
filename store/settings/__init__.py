"""Small things that are set for a store: values by name, tokens, the state of pulls."""
