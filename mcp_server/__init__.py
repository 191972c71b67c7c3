"""The face for assistants: MCP tools, prompts and resources."""
