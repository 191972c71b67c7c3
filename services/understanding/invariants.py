"""Declared rules: where a project's file lies, and the rules that a store was told to use.

The file is `.retrospan/invariants.yaml` of the folder that a command runs in or of one above it, or the file that
`invariants = "path"` in `retrospan.toml` names. A store keeps the text that `use_rules` took over, and no other: a file
that a clone or a pull brings changes no finding until a person takes it over. Rules are data: they make signals and run
nothing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...model.errors import BadInputError, RetrospanError, UsageError
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.settings.values import get_setting, set_setting
from ...trust.files import read_bounded

if TYPE_CHECKING:  # pydantic is loaded with it, which a store without declared rules can do without
    from ...knowledge.invariants import Invariant, Invariants

_FILES = "invariant_files"
_LIMIT = 256 * 1024
_FOLDER, _NAME, _CONFIG = ".retrospan", "invariants.yaml", "retrospan.toml"
RulesState = Literal["same", "changed", "gone"]


@dataclass(frozen=True)
class DeclaredRules:
    """All rules of a store, by the project they are about (empty: all)."""

    by_project: tuple[tuple[str, tuple[Invariant, ...]], ...] = ()
    digest: str = ""
    """Equal for equal rules."""

    def of(self, project: str) -> tuple[Invariant, ...]:
        """The rules for a project's runs."""
        return tuple(rule for about, rules in self.by_project if about in ("", project) for rule in rules)


class RulesFile(NamedTuple):
    """A file whose rules hold in a store."""

    path: str
    text: str
    """As it was taken over."""
    state: RulesState
    """How the file reads now, against `text`."""


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
    from ...knowledge.invariants import load_invariants

    return load_invariants(path)


def declared_rules(store: Store) -> DeclaredRules:
    """The rules that hold in this store now, as they were taken over."""
    present = _taken(store)
    if not present:
        return DeclaredRules()
    from ...knowledge.invariants import parse_invariants

    parsed = [parse_invariants(text, source=path) for path, text in sorted(present.items())]
    digest = blake2b("\n".join(text for _, text in sorted(present.items())).encode(), digest_size=8).hexdigest()
    return DeclaredRules(tuple((rules.project, rules.invariants) for rules in parsed), digest)


def use_rules(store: Store, path: Path) -> Invariants:
    """Hold the rules of a file, as they read now, against every run of this store. A face tells the person of them.

    Raises:
        BadInputError: if the file is wrong; names the line.
    """
    from ...knowledge.invariants import parse_invariants

    text = _text(path)
    rules = parse_invariants(text, source=str(path))
    set_setting(store, _FILES, {**_taken(store), str(path.resolve()): text})
    return rules


def drop_rules(store: Store, path: Path) -> None:
    """Hold the rules of a file against no further run; it need not exist any more.

    Raises:
        UsageError: if they are not in use.
    """
    taken, name = _taken(store), str(path.resolve())
    if name not in taken:
        raise UsageError(f"The rules of {name} are not in use ({_named_files(taken)}). Name one of these, or none.")
    kept: dict[str, JsonValue] = {known: text for known, text in taken.items() if known != name}
    set_setting(store, _FILES, kept or None)


def rules_in_use(store: Store) -> list[RulesFile]:
    """The files whose rules hold in this store, with whether they still read so."""
    return [RulesFile(path, text, _state(Path(path), text)) for path, text in sorted(_taken(store).items())]


def waiting_rules(store: Store, start: Path) -> str | None:
    """What to tell a person who works in `start` about the rules file there; None where it is in use as it reads."""
    try:
        path = find_invariants_file(start)
    except RetrospanError as err:
        return str(err)
    if path is None:
        return None
    taken = _taken(store).get(str(path))
    if taken is None:
        return f"The rules in {path} are not in use. Look at them, then: retrospan invariants use"
    if _state(path, taken) == "changed":
        return f"The rules in {path} have changed since they were taken over: retrospan invariants use"
    return None


def _taken(store: Store) -> dict[str, str]:
    kept = get_setting(store, _FILES)
    return {str(path): str(text) for path, text in kept.items()} if isinstance(kept, dict) else {}


def _named_files(taken: dict[str, str]) -> str:
    return f"in use: {', '.join(sorted(taken))}" if taken else "none are in use"


def _state(path: Path, taken: str) -> RulesState:
    if not path.is_file():
        return "gone"
    try:
        return "same" if _text(path) == taken else "changed"
    except RetrospanError:
        return "changed"


def _text(path: Path) -> str:
    try:
        return read_bounded(path, _LIMIT).decode()
    except UnicodeDecodeError as err:
        raise BadInputError(f"{path}: byte {err.start} is not UTF-8. Save it as UTF-8.", where=str(path)) from None


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
