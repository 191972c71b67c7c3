"""People who review together: words beside an item, and who may join."""
