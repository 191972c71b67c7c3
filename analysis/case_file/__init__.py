"""What is known of a failing run, computed and put in order, for whoever decides what went wrong in it."""
