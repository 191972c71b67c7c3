"""From spans to the steps that people read: folding, doubles, merging, calls, what the whole run was."""
