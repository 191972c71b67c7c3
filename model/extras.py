"""Parts of the product that are installed only where they are wanted, and what to say where one is not."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import UsageError

EXTRAS = {
    "tui": ("textual", "The terminal app"),
    "agents": ("anthropic", "Asking a model"),
    "otel": ("opentelemetry.sdk", "Sending spans"),
    "passkeys": ("webauthn", "A passkey"),
    "parquet": ("pyarrow", "Parquet"),
    "phoenix": ("phoenix.client", "Pulling from Phoenix"),
}
"""Name of the extra → a module that it brings, and what needs it."""


class NotInstalledError(UsageError):
    """A part of the product is not installed here.

    Attributes:
        extra: What installs it, as in `retrospan[tui]`.
    """

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{EXTRAS[extra][1]} is not installed here. Install it from your clone of Retrospan: "
            f"uv pip install 'CHECKOUT[{extra}]'."
        )


def is_installed(extra: str) -> bool:
    """Whether the modules of an extra can be imported; imports none but their parents."""
    try:
        return find_spec(EXTRAS[extra][0]) is not None
    except ModuleNotFoundError:
        return False


def require_extra(extra: str) -> None:
    """Go on only where an extra is installed.

    Raises:
        NotInstalledError: naming it, and the command that installs it.
    """
    if not is_installed(extra):
        raise NotInstalledError(extra)
