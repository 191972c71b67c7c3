"""What tools and shell commands do, told in one place."""
