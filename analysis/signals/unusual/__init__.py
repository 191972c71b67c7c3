"""What differs from the other runs of the project."""
