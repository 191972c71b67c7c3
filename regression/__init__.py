"""Regression cases run: checks, runner, pytest plugin, and the protocol that a target of an application follows."""

from .protocol import CalledTool, FrozenTools, RunResult

__all__ = ["CalledTool", "FrozenTools", "RunResult"]
