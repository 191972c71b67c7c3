"""Resource links beside an answer: the bodies that it had to cut, for clients that attach by address."""

from __future__ import annotations

import re

from mcp.types import ResourceLink

_MOST = 3
_CLOSING = "⟦/"
_STEP = re.compile(r'get_trace\(trace="(T\d+)", steps="(\d+)"')
_LESSON = re.compile(r'search_lessons\(lesson="([A-Za-z0-9._-]+)"\)')


def links_of(answer: str) -> list[ResourceLink]:
    """What an answer's own last lines name: single steps that were cut, and lessons.

    Only what stands behind the last fence is read: trace text cannot get there.
    """
    own = answer.rpartition(_CLOSING)[2]
    found = [
        _link(f"retrospan://trace/{trace}/step/{step}", f"{trace}.{step}", "The step with more of its text")
        for trace, step in _STEP.findall(own)
    ]
    found += [_link(f"retrospan://lesson/{lesson}", lesson, "The lesson as a file") for lesson in _LESSON.findall(own)]
    return list({link.uri: link for link in found}.values())[:_MOST]


def _link(address: str, name: str, what: str) -> ResourceLink:
    return ResourceLink(type="resource_link", uri=address, name=name, description=what, mime_type="text/plain")
