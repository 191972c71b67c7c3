"""The names under which applications say what a run was: outcome, task, version, id, session, user, environment.

One table for what is recognised by itself. What stands under other names a person maps: see `fields`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ..text.jsontext import as_text
from ..traces import JsonValue, Outcome
from .scores import word_outcome

FIELDS = ("outcome", "task", "version", "run", "session", "user", "environment")
"""What can be recognised and mapped; `run` is the run's own id."""
IDENTITY: Mapping[str, tuple[str, ...]] = {
    "session": (
        "session.id",
        "gen_ai.conversation.id",
        "langfuse.session.id",
        "traceloop.association.properties.session_id",
        "ai.telemetry.metadata.sessionId",
        "ai.settings.context.sessionId",
        "langsmith.metadata.session_id",
        "langsmith.metadata.thread_id",
        "langsmith.metadata.conversation_id",
        "lmnr.association.properties.session_id",
        "mlflow.trace.session",
        "gcp.vertex.agent.session_id",
        "spring.ai.chat.client.conversation.id",
        "traceloop.association.properties.conversation_id",
        "traceloop.association.properties.thread_id",
        "traceloop.association.properties.chat_id",
        "conversation.id",
        "conversation_id",
        "session_id",
        "thread_id",
        "thread.id",
    ),
    "user": (
        "user.id",
        "enduser.id",
        "langfuse.user.id",
        "traceloop.association.properties.user_id",
        "ai.telemetry.metadata.userId",
        "ai.settings.context.userId",
        "langsmith.metadata.user_id",
        "lmnr.association.properties.user_id",
        "mlflow.trace.user",
        "user_id",
    ),
    "version": ("retrospan.version", "langfuse.version", "langfuse.release", "service.version", "app.version"),
    "environment": (
        "deployment.environment.name",
        "deployment.environment",
        "langfuse.environment",
        "traceloop.association.properties.environment",
    ),
    "project": ("retrospan.project", "openinference.project.name", "langsmith.trace.session_name"),
    "service": ("service.name",),
    "task": ("retrospan.task", "task.id", "langfuse.experiment.item.id"),
    "tags": (
        "retrospan.tags",
        "tag.tags",
        "langfuse.trace.tags",
        "logfire.tags",
        "langsmith.span.tags",
        "lmnr.association.properties.tags",
    ),
    "agent": (
        "gen_ai.agent.name",
        "agent.name",
        "agent_name",
        "langsmith.metadata.lc_agent_name",
        "traceloop.association.properties.lc_agent_name",
    ),
    "error_type": ("error.type",),
    "error_message": ("error.message", "exception.message", "langfuse.observation.status_message"),
}
"""Keys of any span that mean the same in every convention, best first; reading takes them out of the attributes."""

_ABOUT_RUN = (
    "retrospan",
    "run",
    "metadata",
    "langfuse trace metadata",
    "langfuse metadata",
    "langfuse observation metadata",
    "langfuse trace",
    "langsmith metadata",
    "langsmith trace",
    "openinference metadata",
    "mlflow trace tag",
    "mlflow trace",
    "traceloop association properties",
    "lmnr association properties metadata",
    "lmnr association properties",
    "ai telemetry metadata",
    "ai settings context",
    "genkit metadata",
    "logfire",
    "agentops",
    "extra metadata",
    "extra",
    "baggage",
    "attributes",
    "eval",
    "evaluation",
    "experiment",
    "test",
    "trace",
    "task",
)
"""Beginnings of names, as words, under which an application or product keeps what it says of a run as a whole."""
_PLACES = ("resource", "scope")
"""Where the store puts what the resource and the scope of the first span say."""
_WORDS: Mapping[str, tuple[str, ...]] = {
    "outcome": ("outcome", "run outcome", "task outcome", "final outcome", "end state", "is correct", "task success"),
    "task": ("task", "task id", "task name", "test case", "test case id", "case id", "scenario", "scenario id",
             "dataset item id", "instance id", "problem id", "example id"),
    "version": ("version", "app version", "application version", "agent version", "release", "git sha",
                "git commit", "commit sha"),
    "run": ("run id", "external id", "run external id", "trial id", "rollout id", "episode id"),
    "session": ("session id", "session", "thread id", "conversation id", "chat id"),
    "user": ("user id", "end user id", "user", "customer id"),
    "environment": ("environment", "env", "deployment environment", "deployment environment name"),
}  # fmt: skip
_ONLY_BELOW: Mapping[str, tuple[str, ...]] = {
    "outcome": ("passed", "success", "succeeded", "successful", "resolved", "correct", "result", "verdict"),
    "run": ("id",),
    "task": ("name", "id"),
}
"""Words that say it only below a beginning that speaks of runs; `success` alone may be that of a request."""
_BELOW: Mapping[str, frozenset[str]] = {
    "outcome": frozenset(_ABOUT_RUN),
    "run": frozenset({"run"}),
    "task": frozenset({"task"}),
}
_NOT_ALONE = frozenset({"task", "user", "session", "version", "release", "scenario"})
"""Words that mean too much to be believed as the whole name of an attribute of a span."""
_RUN_IDS = {"mlflow trace request id": "run", "ai telemetry metadata run id": "run"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def name_words(name: str) -> str:
    """The words of an attribute's name, lower case, with blanks between.

    >>> name_words("langfuse.trace.metadata.runOutcome")
    'langfuse trace metadata run outcome'
    """
    return " ".join(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=4096)
def field_of(name: str) -> tuple[str, int] | None:
    """The field that an attribute of this name holds by common usage, and how plainly it says so (0 is plainest).

    >>> field_of("run.outcome"), field_of("http.status")
    (('outcome', 0), None)
    """
    words = name_words(name)
    for place in _PLACES:
        words = words.removeprefix(f"{place} ")
    if words in _RUN_IDS:
        return _RUN_IDS[words], 1
    head, bare = _without_head(words)
    for field, known in _WORDS.items():
        if bare in known and (head or bare not in _NOT_ALONE):
            return field, (0 if head in ("retrospan", "run") else 1 if head else 2)
        if words in known and words not in _NOT_ALONE:
            return field, 0 if words.startswith("run ") else 2
        if head in _BELOW.get(field, ()) and bare in _ONLY_BELOW[field]:
            return field, 1 if head == "run" else 3
    return None


def _without_head(words: str) -> tuple[str, str]:
    """The longest beginning that speaks of a run, and what is left behind it; `metadata run outcome` loses both."""
    head = ""
    while found := next((start for start in _LONGEST_FIRST if words.startswith(f"{start} ")), None):
        head, words = found, words[len(found) + 1 :]
    return head, words


_LONGEST_FIRST = tuple(sorted(_ABOUT_RUN, key=len, reverse=True))


def field_of_tag(tag: str) -> tuple[str, str] | None:
    """The field and value that a tag spells out: `task:refund`, `outcome=fail`."""
    name, _, value = tag.replace("=", ":", 1).partition(":") if ":" not in tag else tag.partition(":")
    words = name_words(name)
    field = next((field for field, known in _WORDS.items() if words in known), None)
    return (field, value.strip()) if field is not None and value.strip() else None


def outcome_of_word(value: JsonValue) -> Outcome | None:
    """Outcome of a word or truth value, None where nothing is said; a word that says neither is `unknown`."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or value in (0, 1, "0", "1", "0.0", "1.0"):
        return Outcome.PASS if float(value) else Outcome.FAIL
    return word_outcome(as_text(value).strip()) or Outcome.UNKNOWN
