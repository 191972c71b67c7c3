"""CPU and memory of a process and its children, from /proc (Linux)."""

from __future__ import annotations

import os
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_tree(pid: int) -> float:
    """User and system seconds so far. Children that have ended count only where they were waited for."""
    seconds = 0.0
    for process in _tree(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        seconds += sum(map(int, fields[11 : 15 if process == pid else 13])) / _TICKS
    return seconds


def memory_of_tree(pid: int, field: str) -> float:
    """Megabytes: `VmRSS` for now, `VmHWM` for the peak. Shared pages count once a process."""
    total = 0
    for process in _tree(pid):
        found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        total += int(found[1]) if found else 0
    return total / 1024


def _tree(pid: int) -> list[int]:
    """The process and all below it; those started by other than the main thread are not in its list of children."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found.extend(children.get(parent, ()))
    return found
