"""What an answer says, held against what the run had read and done."""
