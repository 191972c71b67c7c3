"""What a tool does, inferred once: from what its server declares, its schema, its name and its use over many runs.

Signals, suspects and paths stand on this. Every inference says how sure it is and why, and a person's correction,
handed in as data, has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from ...model.traces import JsonValue

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRITE_VERBS = _words("""
    accept activate add append apply approve archive assign book buy cancel change charge clear close commit
    create deactivate delete deploy disable dispatch drop edit email enable exchange execute file grant import
    insert install invite issue kill launch lock merge modify move notify open order overwrite patch pay place
    post publish purchase push put rebook refund reject release remove rename replace reply reschedule reserve
    reset resolve restart restore return revoke save schedule sell send set ship sign start stop submit
    subscribe sync terminate transfer trigger unlock unsubscribe update upload upsert void withdraw write
""")
READ_VERBS = _words("""
    analyze browse calculate check classify compare compute convert count describe detect diff download estimate
    evaluate explain extract fetch find get glob grep inspect list load locate look lookup ls match parse peek
    preview print query read recall retrieve review scan scrape search select show summarize test translate
    validate verify view visit watch
""")
_HANDOVER = re.compile(
    r"(?i)transfer_?to|hand_?(?:off|over)|escalat|human|forward_to|^delegate|^(?:Agent|Task)$|call_?agent"
)
_RUN = re.compile(
    r"(?i)^(?:bash|sh|shell|zsh|terminal|powershell|cmd|exec(?:ute)?(?:_?(?:command|bash|code|shell|python|cell|sql))?|"
    r"run(?:_?(?:command|bash|code|shell|python|terminal(?:_cmd)?|script|cell|in_terminal))?|python(?:_?(?:repl|exec\w*|code|interpreter))?|"
    r"ipython|jupyter\w*|code_?(?:interpreter|execution|runner)|local_shell|repl|container\.exec|unified_exec|"
    r"(?:\w+_)?(?:run|execute|exec)_?(?:command|bash|shell|code|python|ipython)(?:_\w+)?|exec_command|write_stdin|execute_\w*bash)$"
)
_NOTE = re.compile(
    r"(?i)^(?:todo_?(?:write|read|update)?\w*|update_?(?:plan|todos?)|task_?(?:create|update|list|get)|"
    r"write_?todos?|think(?:ing)?|sequential_?thinking|scratchpad|note|plan|reflect|remember)$"
)
_ASK = re.compile(
    r"(?i)^(?:ask(?:_?(?:user|human|followup|follow_up|clarif|for)\w*)?|request_?(?:input|approval|confirmation)\w*|"
    r"clarify\w*|exit_?plan_?mode|confirm_with_user|human_?input)$"
)
_TALK = re.compile(
    r"(?i)^(?:send_?message(?:_to_?(?:user|agent|teammate))?|message_?(?:user|agent)|respond(?:_to_user)?|reply_to_user|"
    r"say|speak|notify_user|send_?input)$"
)
_ANSWER = re.compile(
    r"(?i)^(?:final_?(?:answer|result|output|response)\w*|submit(?:_?(?:answer|result|final|patch|solution))?|finish|"
    r"complete(?:_?task)?|attempt_?completion|done|task_?complete|return_?(?:result|answer|output)|structured_?output|"
    r"give_?answer|end_?(?:task|conversation)|terminate)$"
)
_FILES = re.compile(
    r"(?i)^(?:(?:multi_?|notebook_?)?edit(?:_?(?:file|block|notebook))?|write(?:_?(?:file|to_file))?|create_?file|"
    r"str_?replace\w*|apply_?(?:patch|diff|edit)|insert(?:_?(?:lines|edit_into_file|at_line))?|replace(?:_?(?:in_file|string_in_file|lines))?|"
    r"search_?(?:and_?)?replace|save_?file|append_?file|delete_?file|text_?editor\w*|file_?editor|edit_?file_?\w*|patch)$"
)
_REQUEST = re.compile(r"^(?:(GET|HEAD|OPTIONS)|POST|PUT|PATCH|DELETE) +\S")
"""A tool that is an HTTP request, by its method and path."""
_PATHS = _words(
    "path file_path filepath filename file notebook_path target_file absolute_path relative_path target_path "
    "relative_workspace_path uri file_name"
)
_TEXTS = _words(
    "content contents file_text new_string new_str new_text text code edits diff patch file_content "
    "replacement replace insert_text code_edit new_source data"
)
_COMMANDS = _words("command cmd commands script code shell_command bash_command cell")
_LEAST_USES = 5
_MOSTLY = 0.8


class ToolRole(StrEnum):
    """What a tool is for."""

    READ = "read"
    """Looks at the world and changes nothing."""
    WRITE = "write"
    """Changes something."""
    RUN = "run"
    """Runs a command or a program: what it does depends on its argument."""
    ASK = "ask"
    """Asks a person, or waits for their leave."""
    TALK = "talk"
    """Says something to a person or another agent, who answers elsewhere."""
    NOTE = "note"
    """Keeps the agent's own plan or thoughts."""
    HANDOVER = "handover"
    """Passes the work on to a person or another agent."""
    ANSWER = "answer"
    """Its arguments are the run's answer."""
    UNKNOWN = "unknown"


class Ground(StrEnum):
    """What an inference rests on, strongest first."""

    CORRECTED = "corrected"
    DECLARED = "declared"
    NAME = "name"
    SCHEMA = "schema"
    USE = "use"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ToolFact:
    """What one tool does."""

    name: str
    role: ToolRole
    confidence: float
    """0 to 1: 1 is a person's word, below .5 a guess."""
    reason: str
    ground: Ground
    files: bool = False
    """It writes files or code, whose content needs no source."""


@dataclass(slots=True)
class ToolUse:
    """How a tool was used over many runs."""

    calls: int = 0
    ended: int = 0
    """Calls after which the run had neither another call nor an answer."""
    arguments: set[str] = field(default_factory=set)
    """Names of arguments that were given."""


NO_USE = ToolUse()


def infer_tool(
    name: str,
    definition: JsonValue = None,
    use: ToolUse = NO_USE,
    corrections: Mapping[str, ToolRole] | None = None,
) -> ToolFact:
    """What the tool does, by the strongest ground there is.

    Args:
        name: As it is called; of `mcp__server__tool`, `server.tool` and `server:tool` the last part tells.
        definition: Its definition in the manner of OpenAI, Anthropic, Gemini or MCP, with annotations if declared.
        use: How it was used so far.
        corrections: Tool name to role, what a person said; it has the last word.

    >>> infer_tool("issue_refund").role, infer_tool("Bash").role, infer_tool("frobnicate").role
    (<ToolRole.WRITE: 'write'>, <ToolRole.RUN: 'run'>, <ToolRole.UNKNOWN: 'unknown'>)
    """
    declared, text, names = _declared(definition)
    names = names | frozenset(use.arguments)
    files = bool(names & _PATHS and names & _TEXTS) or bool(_FILES.match(_bare(name)))
    if corrections and name in corrections:
        role = corrections[name]
        return ToolFact(name, role, 1.0, "a person said so", Ground.CORRECTED, files and role is ToolRole.WRITE)
    if declared is not None:
        return ToolFact(name, declared[0], 0.95, declared[1], Ground.DECLARED, files and declared[0] is ToolRole.WRITE)
    found = _by_name(name)
    if found.role is ToolRole.UNKNOWN or found.confidence < 0.7:
        found = _by_schema(name, names, text) or _by_use(name, use) or found
    if found.role in (ToolRole.WRITE, ToolRole.UNKNOWN) and files:
        return ToolFact(name, ToolRole.WRITE, max(found.confidence, 0.8), found.reason, found.ground, True)
    return found


def facts_of(
    uses: Mapping[str, ToolUse],
    definitions: Iterable[JsonValue] = (),
    corrections: Mapping[str, ToolRole] | None = None,
) -> dict[str, ToolFact]:
    """Every tool that is used, defined or corrected, by its name."""
    defined = {name: item for item in definitions for name, item in _named(item)}
    names = {*uses, *defined, *(corrections or {})}
    return {name: infer_tool(name, defined.get(name), uses.get(name, NO_USE), corrections) for name in sorted(names)}


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """The words of a tool's name, in small letters."""
    return frozenset(match.group().lower() for match in _WORD.finditer(name[:200]))


@lru_cache(maxsize=4096)
def _by_name(name: str) -> ToolFact:
    if request := _REQUEST.match(name):
        role = ToolRole.READ if request[1] else ToolRole.WRITE
        return ToolFact(name, role, 0.9, "it is an HTTP request of this method", Ground.NAME)
    bare = _bare(name)
    for pattern, role, reason in (
        (_NOTE, ToolRole.NOTE, "its name is that of a plan or a note"),
        (_ASK, ToolRole.ASK, "its name says that it asks"),
        (_TALK, ToolRole.TALK, "its name says that it talks to somebody"),
        (_RUN, ToolRole.RUN, "its name is that of a shell or an interpreter"),
        (_ANSWER, ToolRole.ANSWER, "its name says that it ends the run"),
        (_FILES, ToolRole.WRITE, "its name is that of an editor of files"),
    ):
        if pattern.match(bare):
            return ToolFact(name, role, 0.9, reason, Ground.NAME, pattern is _FILES)
    if _HANDOVER.search(bare):
        return ToolFact(name, ToolRole.HANDOVER, 0.85, "its name says that it passes the work on", Ground.NAME)
    words = [match.group().lower() for match in _WORD.finditer(bare)]
    for place, word in enumerate(words):
        for verbs, role in ((READ_VERBS, ToolRole.READ), (WRITE_VERBS, ToolRole.WRITE)):
            if word in verbs:
                return ToolFact(name, role, 0.8 if place == 0 else 0.65, f"its name says {word!r}", Ground.NAME)
    return ToolFact(name, ToolRole.UNKNOWN, 0.0, "nothing tells", Ground.NONE)


def _bare(name: str) -> str:
    return re.split(r"__|[.:/]", name[:200].strip())[-1] or name[:200]


def _by_schema(name: str, arguments: frozenset[str], text: str) -> ToolFact | None:
    if arguments & _COMMANDS and len(arguments) <= 6 and not arguments & _PATHS:
        return ToolFact(name, ToolRole.RUN, 0.75, "it takes a command or a program", Ground.SCHEMA)
    if arguments & _PATHS and arguments & _TEXTS:
        return ToolFact(name, ToolRole.WRITE, 0.75, "it takes a path and a content", Ground.SCHEMA, True)
    for word in (match.group().lower() for match in _WORD.finditer(text[:80])):
        stem = word.removesuffix("s") if word not in READ_VERBS | WRITE_VERBS else word
        if stem in READ_VERBS:
            return ToolFact(name, ToolRole.READ, 0.6, f"its description says {word!r}", Ground.SCHEMA)
        if stem in WRITE_VERBS:
            return ToolFact(name, ToolRole.WRITE, 0.6, f"its description says {word!r}", Ground.SCHEMA)
    if arguments & {"query", "q", "search_query", "queries"}:
        return ToolFact(name, ToolRole.READ, 0.55, "it takes a query", Ground.SCHEMA)
    return None


def _by_use(name: str, use: ToolUse) -> ToolFact | None:
    if use.calls >= _LEAST_USES and use.ended >= _MOSTLY * use.calls:
        told = f"{use.ended} of {use.calls} runs end with it and have no other answer"
        return ToolFact(name, ToolRole.ANSWER, 0.6, told, Ground.USE)
    return None


def _declared(definition: JsonValue) -> tuple[tuple[ToolRole, str] | None, str, frozenset[str]]:
    """Role by declared hints, the description, and the names of arguments."""
    if not isinstance(definition, dict):
        return None, "", frozenset()
    inner = definition.get("function")
    tool = inner if isinstance(inner, dict) else definition
    schema = next(
        (s for key in ("parameters", "input_schema", "inputSchema") if isinstance(s := tool.get(key), dict)), {}
    )
    properties = schema.get("properties")
    names = frozenset(properties) if isinstance(properties, dict) else frozenset()
    description = tool.get("description")
    hints = next((h for t in (tool, definition) if isinstance(h := t.get("annotations"), dict)), {})
    return _hinted(hints), description if isinstance(description, str) else "", names


def _hinted(hints: Mapping[str, JsonValue]) -> tuple[ToolRole, str] | None:
    if hints.get("readOnlyHint") is True:
        return ToolRole.READ, "its server declares readOnlyHint"
    for hint in ("destructiveHint", "idempotentHint"):
        if isinstance(hints.get(hint), bool) and hints.get("readOnlyHint") is False:
            return ToolRole.WRITE, f"its server declares {hint} and that it is not read-only"
    if hints.get("destructiveHint") is True:
        return ToolRole.WRITE, "its server declares destructiveHint"
    return None


def _named(definitions: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Single definitions out of one, a list of them, or Gemini's groups."""
    if isinstance(definitions, list):
        for item in definitions:
            yield from _named(item)
    elif isinstance(definitions, dict):
        for key in ("functionDeclarations", "function_declarations", "tools"):
            if isinstance(group := definitions.get(key), list):
                yield from _named(group)
        inner = definitions.get("function")
        name = inner.get("name") if isinstance(inner, dict) else definitions.get("name")
        if isinstance(name, str):
            yield name, definitions
