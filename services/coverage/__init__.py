"""Which ways runs take, and which of them nothing has tested."""
