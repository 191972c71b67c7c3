"""What can go wrong between a case and the application, in words that say what to do."""

from __future__ import annotations

from enum import StrEnum


class TroubleKind(StrEnum):
    NOT_STARTED = "not started"
    TIMEOUT = "time-out"
    DIED = "died"
    TOO_LARGE = "too large"
    GARBAGE = "garbage"
    UNREACHABLE = "unreachable"
    RAISED = "raised"
    """The application itself raised; its own traceback is told."""


class TargetTroubleError(Exception):
    """One run could not be made. It is an outcome of that run (`error`), never a failed check.

    Attributes:
        kind: What sort of trouble; `NOT_STARTED` and `UNREACHABLE` may pass by themselves and can be tried again.
    """

    def __init__(self, kind: TroubleKind, message: str) -> None:
        self.kind = kind
        super().__init__(message)

    @property
    def may_pass(self) -> bool:
        """Whether another try may help: the run never began."""
        return self.kind in (TroubleKind.NOT_STARTED, TroubleKind.UNREACHABLE)
