"""What a secret looks like, and text without it.

One RE2 set over the patterns of all rules scans a text in a single pass. That was measured to be as fast as a set of
their literals, so it is its own prefilter; only texts with a hit are looked at rule by rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from ..errors import UsageError, did_you_mean
from ..traces import JsonValue
from .jsontext import as_text
from .secret_checks import CHECKS
from .spellings import MACROS

PERSONAL = ("email", "phone", "card", "iban")
"""Kinds of personal data that can be switched on."""
_RULE_FILE = Path(__file__).with_name("secret_rules.yaml")
_DFA_BYTES = 256 << 20
_ESCAPE = (
    r"(?:\\+(?:[abefnrtv0]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{3})|%(?:25)*[0-9A-Fa-f]{2}|\[[0-9;:?]{0,20}[A-Za-z])"
)
"""What ends in a letter or digit and is no part of the word behind it: an escape of JSON, Python, a shell, a terminal
or an address, also where it was escaped again."""
_MACROS = {"{begin}": rf"(?:\b|_|{_ESCAPE})", "{end}": r"(?:\b|_)", "{escape}": _ESCAPE, **MACROS}
_DEEPEST = 100
_NAME_FIELDS = ("name", "key", "header", "field", "variable")
_VALUE_FIELDS = frozenset(["value", "val", "stringValue", "string_value", "#text"])
_PASSES = 3
"""A match takes the character before it along, so that a neighbour is found by looking again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret."""

    id: str
    kind: str
    pattern: Any
    """Compiled RE2, over texts or, for `on_keys`, over the names of fields."""
    group: int
    check: Callable[[str], str | None] | None
    personal: str | None
    on_keys: bool

    def secrets(self, text: str) -> Iterator[tuple[int, str]]:
        """What the rule takes out of a text, with its offset."""
        for match in self.pattern.finditer(text):
            found = match.group(self.group)
            secret = self.check(found) if self.check is not None else found
            if secret:
                yield match.start(self.group) + found.rindex(secret), secret

    def replaced(self, text: str, placeholder: Callable[[str, str], str]) -> str:
        """The text with `placeholder(kind, secret)` for each secret."""
        text = text.encode("utf-8", "replace").decode()
        for _ in range(_PASSES):
            pieces: list[str] = []
            end = 0
            for start, secret in self.secrets(text):
                pieces += (text[end:start], placeholder(self.kind, secret))
                end = start + len(secret)
            if not pieces:
                return text
            text = "".join((*pieces, text[end:]))
        return text


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in use, compiled into one scanner."""

    rules: tuple[Rule, ...]
    scanner: Any
    """RE2 set over `rules`, in their order."""
    key_rules: tuple[Rule, ...]

    def hits(self, text: str) -> list[int]:
        """Indexes of the rules whose pattern is somewhere in the text."""
        return sorted(self.scanner.Match(text.encode("utf-8", "replace")) or ())

    def key_rule(self, name: str) -> Rule | None:
        """The rule for texts under this field name, if it is one of secrets."""
        plain = name.encode("utf-8", "replace").decode()
        return next((rule for rule in self.key_rules if rule.pattern.search(plain)), None)

    def finds(self, text: str) -> bool:
        """Whether a rule takes something out of the text, its check included."""
        hits = self.hits(text)
        if not hits:
            return False
        plain = text.encode("utf-8", "replace").decode()
        return any(next(self.rules[index].secrets(plain), None) for index in hits)


def load_rules(personal: Collection[str] = ()) -> RuleSet:
    """The kept rule set: secrets always, and the kinds of personal data that are named.

    Raises:
        UsageError: if a kind of personal data is unknown.
    """
    for kind in personal:
        if kind not in PERSONAL:
            raise UsageError(f"No kind of personal data {kind!r}: {did_you_mean(kind, PERSONAL)}.")
    return _rule_set(frozenset(personal))


@cache
def _rule_set(personal: frozenset[str]) -> RuleSet:
    # Loaded with the first text that is looked at: most commands start without.
    import re2
    import yaml

    entries = yaml.safe_load(_RULE_FILE.read_text(encoding="utf-8"))
    rules = [_rule(entry) for entry in entries if entry.get("personal") is None or entry["personal"] in personal]
    options = re2.Options()
    options.max_mem = _DFA_BYTES
    scanner = re2.Set.SearchSet(options)
    texts = tuple(rule for rule in rules if not rule.on_keys)
    for rule in texts:
        scanner.Add(rule.pattern.pattern)
    scanner.Compile()
    return RuleSet(texts, scanner, tuple(rule for rule in rules if rule.on_keys))


def _rule(entry: dict[str, Any]) -> Rule:
    import re2

    on_keys = "keys" in entry
    return Rule(
        id=entry["id"],
        kind=entry["kind"],
        pattern=re2.compile(entry["keys"] if on_keys else _expanded(entry["pattern"])),
        group=entry.get("group", 1),
        check=CHECKS[entry["check"]] if "check" in entry else None,
        personal=entry.get("personal"),
        on_keys=on_keys,
    )


def _expanded(pattern: str) -> str:
    for name, text in _MACROS.items():
        pattern = pattern.replace(name, text)
    return pattern


def without_secrets(text: str) -> str:
    """Text without secrets, each a placeholder numbered within the text. Words of people and agents go this way.

    Cost: microseconds where there is nothing to take out.
    """
    return _Numbered().text(text)


def json_without_secrets(value: Any, rules: RuleSet | None = None) -> Any:
    """A JSON value without secrets in its texts and the names of its fields; equal secrets have equal placeholders.

    Args:
        value: Left as it is; a copy is returned where it holds texts.
        rules: Other than those that find secrets.
    """
    return _Numbered(rules).value(value)


def is_number(value: object) -> bool:
    """Whether a value is one that may be a PIN or the number of a card: digits, and no flag."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) > 999


def name_of(owner: Mapping[str, Any], field: str, above: str | None) -> str:
    """The name by which the value of a field is known for a secret.

    Args:
        owner: The object; `{"name": "DB_PASSWORD", "value": …}` names its value.
        field: Of the object.
        above: Under which field the object itself stands; `{"password": {"value": …}}` names its value.
    """
    if field not in _VALUE_FIELDS:
        return field
    return next((owner[name] for name in _NAME_FIELDS if isinstance(owner.get(name), str)), above or field)


class _Numbered:
    """Takes secrets out of one or several texts, numbered together."""

    def __init__(self, rules: RuleSet | None = None) -> None:
        self._rules = rules or load_rules()
        self._numbers: dict[str, dict[str, int]] = {}

    def text(self, text: str) -> str:
        for index in self._rules.hits(text):
            text = self._rules.rules[index].replaced(text, self._placeholder)
        return text

    def value(self, value: Any, name: str | None = None, depth: int = 0) -> Any:
        """The value without secrets; `name` is the field under which it stands.

        What lies too deep to be walked through is looked through as a text, and left out where it cannot be one.
        """
        if isinstance(value, (list, tuple, dict)) and depth > _DEEPEST:
            try:
                value = as_text(cast(JsonValue, value))
            except RecursionError:
                return "⟨nested too deep⟩"
        if isinstance(value, str):
            return self._named(name, value)
        if isinstance(value, (list, tuple)):
            return [self.value(entry, name, depth + 1) for entry in value]
        if isinstance(value, dict):
            return {
                self.value(key): self.value(entry, name_of(value, key, name), depth + 1) for key, entry in value.items()
            }
        if is_number(value) and (text := str(value)) != (changed := self._named(name, text)):
            return changed
        return value

    def _named(self, name: str | None, text: str) -> str:
        changed = self.text(text)
        rule = self._rules.key_rule(name) if name is not None and text else None
        if rule is not None and changed == text and (rule.check is None or rule.check(text)):
            return self._placeholder(rule.kind, text)
        return changed

    def _placeholder(self, kind: str, secret: str) -> str:
        known = self._numbers.setdefault(kind, {})
        return f"⟨{kind}_{known.setdefault(secret, len(known) + 1)}⟩"
