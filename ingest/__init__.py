"""How traces get in: one module per convention or file format."""
