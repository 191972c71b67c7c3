"""The rooms of the product, for tests that look at the tree itself."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("model", "trust", "knowledge", "store", "ingest", "analysis", "services", "answers"),
    *("regression", "mcp_server", "agents", "page", "tui", "cli", "examples"),
)
