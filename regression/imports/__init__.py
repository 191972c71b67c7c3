"""Cases written for other runners, read as drafts; what has no check here is listed by name."""
