"""Text in safe forms: canonical JSON, strict YAML, the render gate, CSV, the fence and budgets of tokens."""
