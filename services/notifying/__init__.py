"""News of reviewing for people who are elsewhere: what is new, and sending it by mail or to a chat."""
