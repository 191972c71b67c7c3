"""What must not stay or be read unnoticed: redaction, deletion, retention, notes of reading."""
