"""How traces come in: imports, deliveries over OTLP, pulls, marks in bulk."""
