"""What coding agents write to disk or print: one module a shape, with its helpers beside it."""
