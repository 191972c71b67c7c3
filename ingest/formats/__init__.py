"""File formats, one reader each, with detection."""
