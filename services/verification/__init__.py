"""Whether a fix worked: what was run is kept, what is known of each case, and how far its fix is proven."""
