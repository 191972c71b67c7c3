"""One module per MCP tool, or per read/write pair."""
