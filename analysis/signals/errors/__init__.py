"""What broke: errors, repeats, runs and outputs that end too early."""
