"""A support agent for an outdoor shop: orders, refunds, a policy base and e-mail."""
