"""Declared rules: where their file lies, and the ones that hold in this store.

The file is `.retrospan/invariants.yaml` of the folder that a command runs in or of one above it, or the file that
`invariants = "path"` in `retrospan.toml` names. A store remembers the files that it met, and follows their changes from
any folder; a file that is gone is forgotten. Rules are data: they make signals and run nothing.
"""

from __future__ import annotations

import logging
import tomllib
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ..store.connection import Store
from ..store.errors import BadInputError, RetrospanError
from ..store.settings import get_setting, set_setting
from ..store.trust.files import read_bounded

if TYPE_CHECKING:  # pydantic is loaded with it, which a store without declared rules can do without
    from ..store.knowledge.invariants import Invariant, Invariants

_FILES = "invariant_files"
_LIMIT = 256 * 1024
_FOLDER, _NAME, _CONFIG = ".retrospan", "invariants.yaml", "retrospan.toml"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeclaredRules:
    """All rules of a store, by the project they are about (empty: all)."""

    by_project: tuple[tuple[str, tuple[Invariant, ...]], ...] = ()
    digest: str = ""
    """Equal for equal rules."""

    def of(self, project: str) -> tuple[Invariant, ...]:
        """The rules for a project's runs."""
        return tuple(rule for about, rules in self.by_project if about in ("", project) for rule in rules)


def find_invariants_file(start: Path) -> Path | None:
    """The nearest rules file in `start` or a folder above it, up to the root of the git repository.

    Raises:
        BadInputError: if a `retrospan.toml` on the way is not TOML, or names a file that is missing or outside.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        named = _named(folder)
        if named is not None:
            return named
        plain = folder / _FOLDER / _NAME
        if plain.is_file() and not (folder / _FOLDER).is_symlink() and not plain.is_symlink():
            return plain
        if (folder / ".git").exists():
            return None
    return None


def check_invariants(path: Path) -> Invariants:
    """The rules of a file.

    Raises:
        BadInputError: one line per mistake, each with its line and key.
    """
    from ..store.knowledge.invariants import load_invariants

    return load_invariants(path)


def declared_rules(store: Store, start: Path | None = None) -> DeclaredRules:
    """The rules that hold in this store now; a file that was met, or that lies at `start`, is read again if changed.

    A file with mistakes keeps its former rules, and the log says so.
    """
    kept = get_setting(store, _FILES)
    files: dict[str, str] = {str(k): str(v) for k, v in kept.items()} if isinstance(kept, dict) else {}
    present = _read_again(files, start)
    if present != files and not store.read_only:
        set_setting(store, _FILES, dict(present) or None)
    if not present:
        return DeclaredRules()
    from ..store.knowledge.invariants import parse_invariants

    parsed = [parse_invariants(text, source=path) for path, text in sorted(present.items())]
    digest = blake2b("\n".join(text for _, text in sorted(present.items())).encode(), digest_size=8).hexdigest()
    return DeclaredRules(tuple((rules.project, rules.invariants) for rules in parsed), digest)


def _read_again(files: dict[str, str], start: Path | None) -> dict[str, str]:
    paths = set(files)
    try:
        found = find_invariants_file(start) if start is not None else None
    except RetrospanError as err:
        log.warning("%s", err)
        found = None
    if found is not None:
        paths.add(str(found))
    present: dict[str, str] = {}
    for path in paths:
        text = _text(Path(path), files.get(path))
        if text is not None:
            present[path] = text
    return present


def _text(path: Path, before: str | None) -> str | None:
    """The file's text if it holds rules, else the text before; None where the file is gone."""
    if not path.is_file():
        return None
    try:
        text = read_bounded(path, _LIMIT).decode()
        if text != before:
            check_invariants(path)
    except (RetrospanError, UnicodeDecodeError) as err:
        log.warning("Rules not taken over: %s", err)
        return before
    return text


def _named(folder: Path) -> Path | None:
    config = folder / _CONFIG
    if not config.is_file():
        return None
    try:
        name = tomllib.loads(read_bounded(config, _LIMIT).decode()).get("invariants")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInputError(f"{config} is not TOML: {err}. Mend it.", where=str(config)) from None
    if name is None:
        return None
    path = (folder / str(name)).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise BadInputError(
            f"{config} names the rules file {str(name)!r}, which is no file in {folder}. Name one there.",
            where=str(config),
        )
    return path
