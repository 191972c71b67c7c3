"""Lessons as MCP skills (SEP-2640, `io.modelcontextprotocol/skills`), for clients that read them; others see nothing.

The same files as `retrospan lesson export --to skills`, made from the store at each request. A client's approval binds
to the digests, so that a lesson that was retracted or revised takes the approval of its skill back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from anyio import CapacityLimiter, to_thread
from mcp.server import MCPServer
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, PaginatedRequestParams, RequestParams

from ..model.text.fence import inert_line
from ..store.contract import Store

SCHEME = "skill://retrospan/"
_TTL_MS = 5_000
"""How long a client may go on without asking again."""


class GetSkillParams(RequestParams):
    """Which skill: the address of its SKILL.md."""

    uri: str


class LessonSkills(Extension):
    """`skills/list` and `skills/get` over the confirmed lessons of a store."""

    identifier = "io.modelcontextprotocol/skills"

    def __init__(self, store: Store, limiter: CapacityLimiter) -> None:
        self._store, self._limiter = store, limiter

    def methods(self) -> Sequence[MethodBinding]:
        return (
            MethodBinding("skills/list", PaginatedRequestParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
        )

    async def _list(self, _: ServerRequestContext[Any, Any], __: Any) -> HandlerResult:
        found = await to_thread.run_sync(skill_texts, self._store, limiter=self._limiter)
        entries = [skill_entry(name, text) for name, text in found.items()]
        return {"skills": entries, "ttlMs": _TTL_MS, "cacheScope": "private"}

    async def _get(self, _: ServerRequestContext[Any, Any], params: GetSkillParams) -> HandlerResult:
        found = await to_thread.run_sync(skill_texts, self._store, limiter=self._limiter)
        name = params.uri.removeprefix(SCHEME).removesuffix("/SKILL.md")
        if params.uri != address_of(name) or name not in found:
            raise MCPError(INVALID_PARAMS, f"No skill {inert_line(params.uri, 120)!r} here. Call skills/list.")
        return {"skill": skill_entry(name, found[name])}


def skill_texts(store: Store) -> dict[str, str]:
    """The SKILL.md of each skill, by its name."""
    from ..knowledge.exports import Channel, export_files
    from ..services.knowledge.exporting import confirmed_lessons

    files = export_files(Channel.SKILLS, confirmed_lessons(store))
    return {path.split("/")[-2]: text for path, text in files.items()}


def lessons_of_skill(store: Store, address: str) -> list[str]:
    """Ids of the lessons in the skill at an address; none where there is none."""
    from ..knowledge.exports import areas
    from ..services.knowledge.exporting import confirmed_lessons

    name = address.removeprefix(SCHEME).removesuffix("/SKILL.md")
    return [lesson.id for lesson in areas(confirmed_lessons(store)).get(name, ())]


def skill_entry(name: str, text: str) -> Mapping[str, Any]:
    """A skill as a client lists it: front matter as it is written, and its one file with digest and size."""
    from ..knowledge.documents import split_front_matter

    data = text.encode()
    front, _ = split_front_matter(text, name)
    file = {"uri": address_of(name), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
    return {"uri": address_of(name), "frontmatter": front, "resources": [file]}


def address_of(name: str) -> str:
    """Where a skill's SKILL.md is read."""
    return f"{SCHEME}{name}/SKILL.md"


def add_skill_files(server: MCPServer[None], store: Store, limiter: CapacityLimiter) -> None:
    """Register the files of skills as resources."""

    @server.resource(
        f"{SCHEME}{{skill}}/SKILL.md", name="skill", description="Lessons of one area", mime_type="text/markdown"
    )
    async def skill(skill: str) -> str:
        found = await to_thread.run_sync(skill_texts, store, limiter=limiter)
        if skill not in found:
            raise ResourceNotFoundError(f"No skill {inert_line(skill, 80)!r} here. Call skills/list.")
        return found[skill]
