"""Everything that only SQLite understands: the driver, pragmas, full text, vectors."""
