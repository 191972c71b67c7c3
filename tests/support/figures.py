"""Figures that a long test found, told where pytest reports."""

from __future__ import annotations

import pytest


def say(config: pytest.Config, line: str) -> None:
    """Print one line past pytest's capture."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(line)
