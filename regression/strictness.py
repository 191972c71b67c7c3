"""Whether a case that was not decided fails the run."""

from __future__ import annotations

import os


def machine_only_verifies() -> bool:
    """Whether nobody looks at this run: `CI` is set, as all services that run tests do. Then undecided is failed."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
