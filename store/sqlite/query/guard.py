"""What a question may name and call. Two walls: its words are looked at first, then SQLite asks about every access."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ....model.errors import UsageError
from .views import GIVEN, TABLES, TEXT, VIEWS

# fmt: off
FUNCTIONS = frozenset((
    "abs", "avg", "ceil", "ceiling", "char", "coalesce", "concat", "concat_ws", "count", "cume_dist", "date",
    "datetime", "dense_rank", "exp", "first_value", "floor", "glob", "group_concat", "ifnull", "iif", "instr",
    "json", "json_array", "json_array_length", "json_each", "json_extract", "json_group_array", "json_group_object",
    "json_object", "json_quote", "json_type", "json_valid", "julianday", "lag", "last_value", "lead", "length",
    "like", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif",
    "percent_rank", "pow", "power", "rank", "regexp", "replace", "round", "row_number", "rtrim", "sign", "sqrt",
    "strftime", "string_agg", "substr", "substring", "sum", "time", "timediff", "total", "trim", "typeof",
    "unicode", "unixepoch", "upper", "attr", "step_attr", "words", "likeness", "->", "->>",
))
# fmt: on
"""Functions that a question may call. None allocates what its arguments do not hold, reads a file or loads code."""
_OK, _DENY = 0, 1
_SELECT, _READ, _FUNCTION, _RECURSIVE = 21, 20, 31, 33
_PUBLIC = frozenset((*VIEWS, *GIVEN))
_VIRTUAL = frozenset({"json_each"})
_LONGEST = 20_000
_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<string>'(?:[^']|'')*')
  | "(?P<double>(?:[^"]|"")*)" | `(?P<tick>(?:[^`]|``)*)` | \[(?P<bracket>[^\]]*)\]
  | (?P<word>[^\W\d][\w$]*)
  | (?P<open>['"`\[])
    """,
    re.VERBOSE | re.DOTALL,
)

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def check_words(statement: str, forbidden: frozenset[str]) -> None:
    """Refuse a question that names anything beside the views.

    Args:
        statement: As asked.
        forbidden: Names of the store's own tables, in lower case.

    Raises:
        UsageError: naming the word.
    """
    if len(statement) > _LONGEST:
        raise UsageError(f"The question has {len(statement)} characters; at most {_LONGEST} are read. Shorten it.")
    words = list(_words(statement))
    if not words or words[0] not in ("select", "with", "values"):
        raise UsageError("A question is one SELECT (WITH … SELECT … too). Nothing else runs here.")
    for word in words:
        if (word in forbidden and word not in _PUBLIC) or word.startswith(("sqlite_", "pragma_", "retrospan_", "fts")):
            raise UsageError(f"{word!r} is not to be named here. The views are: {', '.join(sorted(_PUBLIC))}.")


def _words(statement: str) -> Iterator[str]:
    """Every name in a statement, quoted or not, in lower case; strings and comments are none."""
    for match in _TOKEN.finditer(statement):
        if match["open"]:
            raise UsageError(f"A quotation that begins with {match['open']} has no end. Close it.")
        for kind in ("double", "tick", "bracket", "word"):
            if match[kind] is not None:
                yield match[kind].lower()


def authorizer(secret: str, forbidden: frozenset[str]) -> Authorizer:
    """What SQLite asks while it prepares a question: only views are read, and only the hidden ones read tables."""
    hidden = {f"{secret}{name}" for name in _PUBLIC}

    def ask(action: int, first: str | None, second: str | None, _: str | None, inside: str | None) -> int:
        if action in (_SELECT, _RECURSIVE):
            return _OK
        if action == _FUNCTION:
            allowed = second in FUNCTIONS or (inside in hidden and second == TEXT)
        elif action == _READ:
            # Something of which no column is used is told as its table without a column, from outside.
            unused = second == "" and first is not None and (first in TABLES or first.lower() not in forbidden)
            allowed = (
                unused
                or first in _PUBLIC
                or first in _VIRTUAL
                or (first in hidden and (inside in _PUBLIC or inside in hidden))
                or (first in TABLES and inside in hidden)
            )
        else:
            allowed = False
        return _OK if allowed else _DENY

    return ask
