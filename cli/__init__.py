"""The commands; starts every other face."""
