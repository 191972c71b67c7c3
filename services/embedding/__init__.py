"""Search by meaning: a small local model, loaded only when first needed, that never touches the network."""
