"""The serving process: its application, socket, background work, health and own traces."""
