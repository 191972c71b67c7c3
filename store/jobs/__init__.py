"""Work of agents as kept: jobs over many traces, and transcripts."""
