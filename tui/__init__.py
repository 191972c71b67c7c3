"""The face for people in a terminal."""
