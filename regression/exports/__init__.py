"""Cases written for other runners; what one of them cannot hold is listed by name."""
