"""What a run did against orders, or to the wrong thing."""
