"""The files of one Claude Code session: its own, and those of its sub-agents beside it or in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

from ....model.text.jsontext import as_text, parse
from ..fields import mapping
from ..records import Source, opened

_AGENT_FILES = "agent-*.jsonl"
_FOLDER = "subagents"
_NOTES = ".meta.json"
_HEAD_LINES = 5
_LINE_BYTES = 1 << 20


def session_files(source: Source) -> list[Source]:
    """The file of a session and those of its sub-agents, whichever of them was named."""
    path = source.path
    if path is None:
        return [source]
    session = session_of(path) if is_agent_file(path) else path
    if session is None:
        return [source]
    main = source if session == path else _source(session, source)
    return [main, *(_source(file, source) for file in _agents_of(session))]


def is_agent_file(path: Path) -> bool:
    """Whether a file is called like a sub-agent's."""
    return path.name.startswith("agent-") and path.suffix == ".jsonl"


def is_read_with_session(path: Path) -> bool:
    """Whether a file of a folder needs no reading of its own: a sub-agent's whose session lies there, or its notes."""
    if path.name.startswith("agent-") and path.name.endswith(_NOTES):
        return path.with_name(path.name.removesuffix(_NOTES) + ".jsonl").is_file()
    return is_agent_file(path) and session_of(path) is not None


def session_of(path: Path) -> Path | None:
    """The session file that a sub-agent's file belongs to: beside it or above its folder; None where it is not there.

    The sub-agent's records name it. The session file must lie there: an agent's file alone is read for itself.
    """
    for folder in path.parents[:4]:
        if folder.name == _FOLDER and folder.parent.with_suffix(".jsonl").is_file():
            return folder.parent.with_suffix(".jsonl")
    name = _session_named(path)
    beside = path.with_name(f"{name}.jsonl")
    return beside if name and beside != path and beside.is_file() else None


def agent_type(source: Source) -> str:
    """The kind of sub-agent that the `.meta.json` beside its file names; empty where there is none."""
    path = source.path.with_suffix(_NOTES) if source.path else None
    if path is None or not path.is_file():
        return ""
    try:
        with path.open("rb") as stream:
            return as_text(mapping(parse(stream.read(_LINE_BYTES))).get("agentType"))
    except (OSError, ValueError):
        return ""


def _agents_of(session: Path) -> Iterator[Path]:
    folder = session.with_suffix("") / _FOLDER
    if folder.is_dir():
        yield from sorted(folder.rglob(_AGENT_FILES))
    for path in sorted(session.parent.glob(_AGENT_FILES)):
        if path != session and _session_named(path) == session.stem:
            yield path


def _session_named(path: Path) -> str:
    """The session that the first records of a file name, where it can be a file's name."""
    try:
        return _named(path, path.stat().st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _named(path: Path, changed: int) -> str:
    """As above; each session of a folder asks it of every sub-agent's file there, as it was when it changed last."""
    try:
        with path.open("rb") as stream:
            for _ in range(_HEAD_LINES):
                name = as_text(mapping(parse(stream.readline(_LINE_BYTES))).get("sessionId"))
                if name and Path(name).name == name:
                    return name
    except (OSError, ValueError):
        pass
    return ""


def _source(path: Path, like: Source) -> Source:
    return Source(str(path), path.name, partial(opened, path), like.limits, path)
