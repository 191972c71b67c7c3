"""Small real applications to try Retrospan on."""
