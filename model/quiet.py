"""Switches that keep dependencies from talking to their makers. Set before any of them is imported."""

from __future__ import annotations

import os

SWITCHES = {
    # onnxruntime 1.31 and later keep a device id and send events unless this is set before the import.
    "ORT_DISABLE_TELEMETRY": "1",
    # Nothing here downloads from a hub; where one of these libraries is around, it stays offline in our processes.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}
"""Variable → value. `docs/security.md` says what each dependency would do."""


def keep_dependencies_quiet() -> None:
    """Set the switches in this process and those that it starts, whatever the environment said."""
    os.environ.update(SWITCHES)
