"""Whose words a text holds, which records it shows, which calculations, and what follows from what was read."""
