"""Pull from other products over their own clients, and write verdicts back; one module a product."""
