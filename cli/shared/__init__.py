"""What commands share: options, progress, notices."""
