"""YAML of knowledge files: a strict safe subset in, readable text out, and the line of every key for errors.

Stricter than `yaml.safe_load`, on which it stands: no aliases (they grow without bound when expanded), no duplicate
keys (a reader sees only one), no tags but those of JSON. Plain text stays the text that was written, unless it is a
number, `true`, `false` or `null` as in JSON: no dates, `yes` is no boolean, `12:30` and `0042` are no numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ..errors import BadInputError
from ..traces import JsonValue
from .display import safe_line, safe_text

_MAX_DEPTH = 64
_MISTAKES_SHOWN = 5
_TAG = "tag:yaml.org,2002:"
_JSON_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_KEPT = frozenset((_TAG + "null",))
_NUMBER = r"-?(?:0|[1-9][0-9]*)"
_PLAIN = (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", rf"^{_NUMBER}$", "-0123456789"),
    ("float", rf"^{_NUMBER}(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$", "-0123456789"),
)

_Model = TypeVar("_Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    depth = 0
    yaml_implicit_resolvers = {  # noqa: RUF012 -- PyYAML's own way to declare them
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def _mark(self) -> Any:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        return event.start_mark

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", self._mark())
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", self._mark())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text.strip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
for _name, _pattern, _first in _PLAIN:
    # The dumper keeps the resolvers of YAML 1.1 beside these, so that other readers see text as text too.
    for _reader in (_Loader, _Dumper):
        _reader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), list(_first))


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a document: its dotted path, and its line counted from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML text that still knows its lines."""

    value: JsonValue
    root: yaml.Node

    def locate(self, path: Iterable[int | str]) -> Place:
        """The place of a path of keys and indices.

        Parts that the document does not have are skipped (a union's tag); the last one is kept, as a missing key.
        """
        node, line, walked = self.root, self.root.start_mark.line + 1, list[str]()
        parts = list(path)
        for position, part in enumerate(parts):
            step = _child(node, part)
            if step is not None:
                node, line = step
                walked.append(str(part))
            elif position == len(parts) - 1:
                walked.append(str(part))
        return Place(".".join(walked), line)


def load(text: str | bytes, *, source: str) -> Document:
    """Parse one YAML document of JSON values.

    Raises:
        BadInputError: `where` is `source:line`.
    """
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise BadInputError(f"{source}:1: the file is empty.", where=f"{source}:1")
            _refuse_odd_nodes(root)
            value = loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        raise _broken(source, mark.line + 1 if mark else 1, err.problem or "not YAML") from None
    except yaml.YAMLError as err:
        raise _broken(source, 1, safe_text(str(err)).splitlines()[0]) from None
    except (UnicodeDecodeError, ValueError) as err:
        raise _broken(source, 1, str(err)) from None
    return Document(value, root)


def load_model(model: type[_Model], text: str | bytes, *, source: str) -> _Model:
    """A YAML text as the model it must fit.

    Raises:
        BadInputError: one line per mistake, each with its line and key.
    """
    document = load(text, source=source)
    try:
        return model.model_validate(document.value)
    except ValidationError as err:
        lines = []
        for mistake in err.errors(include_url=False)[:_MISTAKES_SHOWN]:
            place = document.locate(mistake["loc"])
            told = mistake["msg"].removeprefix("Value error, ")
            lines.append(f"{source}:{place.line}: {safe_line(place.path, 80) or 'file'}: {safe_line(told, 300)}")
        raise BadInputError("\n".join(lines), where=lines[0].split(": ")[0]) from None


def dump(value: JsonValue | dict[str, Any]) -> str:
    """Readable YAML: keys in the given order, long text as a block.

    Where a character would be hidden from a reader of the file, everything beyond ASCII is escaped.
    """
    text = _dumped(value, allow_unicode=True)
    return text if safe_text(text) == text else _dumped(value, allow_unicode=False)


def _dumped(value: Any, *, allow_unicode: bool) -> str:
    dumped = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=allow_unicode, width=100, indent=2)
    return str(dumped)


def _broken(source: str, line: int, problem: str) -> BadInputError:
    return BadInputError(f"{source}:{line}: {problem}. Mend the YAML there.", where=f"{source}:{line}")


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None


def _refuse_odd_nodes(node: yaml.Node) -> None:
    if node.tag not in _JSON_TAGS:
        raise yaml.constructor.ConstructorError(None, None, f"tag {node.tag!r} is not allowed", node.start_mark)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TAG + "str":
                raise yaml.constructor.ConstructorError(None, None, "a key must be text; quote it", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} twice", key.start_mark)
            seen.add(key.value)
            _refuse_odd_nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_odd_nodes(item)
    elif node.tag == _TAG + "float" and not math.isfinite(float(node.value)):
        raise yaml.constructor.ConstructorError(None, None, "not a finite number", node.start_mark)
