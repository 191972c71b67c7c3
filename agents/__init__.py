"""The brains that ask a model; they see the product only through the MCP tools."""
