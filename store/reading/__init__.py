"""Traces as people and assistants read them: by short id, as summaries, as a whole, as paths, in words."""
