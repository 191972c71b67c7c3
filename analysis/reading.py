"""A trace as a story: who asked, who decided, what was done and what came back.

Conventions differ in where they put an utterance, a tool call and its result. Here each step gets one role and its own
text, and every tool call meets its result, so that signals and evidence need not know where a trace comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..model.text.jsontext import as_text, scalars
from ..model.traces import JsonValue, Message, ToolCall, Trace
from .acts import Act, acts_of, current_turn
from .effects import Effect, things_of
from .failures import failure_in_result, prints_nothing
from .run_kinds import CRAFT, KindFact, RunKind, kind_of
from .texts.speakers import asks_leave, persons_words
from .tools.commands import Deed
from .tools.tool_roles import ToolFact, ToolRole
from .unpacking import unpacked
from .values import ValueKind, values_in
from .views import Role, View, bare_agent, own_text, views_of
from .wording import HEDGE

__all__ = ["Act", "Reading", "Role", "View", "bare_agent", "got_over", "mended", "own_text", "owned_up", "read"]

_TELLING = re.compile(r"[^\W\d_]{4,}")
_PLAIN_WORDS = frozenset(
    {"error", "failed", "failure", "exception", "tool", "call", "with", "should", "must", "invalid"}
)
_MOST_OF = 0.5
_SAYING = (ToolRole.ANSWER, ToolRole.TALK)
"""Tools whose arguments are words for the outside."""
_RECORDS = (ValueKind.ID, ValueKind.EMAIL)


@dataclass(frozen=True)
class Reading:
    """All steps of a trace with their roles, and its acts in order."""

    trace: Trace
    views: tuple[View, ...]
    acts: tuple[Act, ...]
    _by_step: dict[int, View] = field(repr=False)
    tools: Mapping[str, ToolFact] = field(default_factory=dict, repr=False)
    """What is known of tools beyond this run."""
    given: tuple[Message, ...] = ()
    """Earlier turns of the session that the trace itself does not hold."""

    def view(self, index: int) -> View:
        return self._by_step[index]

    @cached_property
    def decisions(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.DECISION)

    @cached_property
    def results(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.RESULT)

    @cached_property
    def kind_fact(self) -> KindFact:
        """What kind of agent the run shows, and what tells it."""
        return kind_of(self.views, self.acts)

    @property
    def kind(self) -> RunKind:
        return self.kind_fact.kind

    @cached_property
    def earlier(self) -> tuple[Message, ...]:
        """Turns of the conversation before this run: those handed in, and those that its first model call was told."""
        first = self.decisions[0] if self.decisions else None
        if first is None:
            return self.given
        now = {id(message) for message in current_turn(first)}
        told = first.step.new_messages if len(now) < len(first.received) or _has_reply(first) else ()
        return (*self.given, *(message for message in told if id(message) not in now and message.role != "system"))

    @cached_property
    def earlier_calls(self) -> tuple[tuple[str, JsonValue], ...]:
        """Name and arguments of the calls of earlier turns that did not fail."""
        calls: list[ToolCall] = []
        asked: dict[str | None, ToolCall] = {}
        failed: set[int] = set()
        for message in self.earlier:
            calls += message.tool_calls
            asked.update((call.id, call) for call in message.tool_calls)
            if message.role == "tool" and message.tool_call_id is not None and _is_failure(message):
                # Ids begin anew in each turn, so that a result answers the newest call of its id.
                failed.add(id(asked.get(message.tool_call_id)))
        return tuple((call.name, unpacked(call.arguments)) for call in calls if id(call) not in failed)

    @cached_property
    def user_turns(self) -> tuple[tuple[int, str], ...]:
        """What people said, with the step that first shows it."""
        return tuple(_user_turns(self.views))

    @cached_property
    def _spoken(self) -> tuple[View, ...]:
        """Decisions that say something to the outside: in words, or to a tool that takes the answer."""
        asking = {act.asked for act in self.acts if act.role not in _SAYING}
        given = {act.asked: act for act in self.acts if act.role in _SAYING and act.asked is not None}
        told = (_with_given(view, given.get(view.index)) for view in self.decisions if view.index not in asking)
        return tuple(view for view in told if view.text.strip())

    @property
    def final(self) -> View | None:
        """The last decision that says something to the outside; None where nothing was answered."""
        return self._spoken[-1] if self._spoken else None

    @cached_property
    def answers(self) -> tuple[View, ...]:
        """The last words of the agent before each further turn of a person, and the final answer."""
        borders = [index for index, _ in self.user_turns][1:]
        found = [
            max((v for v in self._spoken if v.index < border), key=lambda v: v.index, default=None)
            for border in borders
        ]
        return tuple({view.index: view for view in (*found, self.final) if view is not None}.values())

    @cached_property
    def request(self) -> str:
        """The first thing asked of the agent in this run; earlier turns of a conversation are not it."""
        if self.user_turns:
            first = self.user_turns[0][0]
            if self.view(first).role is Role.DECISION:
                asked = [m.content for m in current_turn(self.view(first)) if m.role == "user" and m.content.strip()]
                return asked[0] if asked else self.user_turns[0][1]
            return self.user_turns[0][1]
        return self.trace.summary.input

    @cached_property
    def records(self) -> frozenset[str]:
        """Ids and e-mail addresses that people said or that calls were given: what the run is about."""
        texts = [text for _, text in self.user_turns]
        texts += [as_text(value) for act in self.acts for _, value in scalars(act.arguments)]
        return frozenset(value.normal for text in texts for value in values_in(text) if value.kind in _RECORDS)

    @cached_property
    def worked(self) -> tuple[tuple[int, Act, frozenset[str]], ...]:
        """Calls that worked, each with its place among all calls and, for a change, the ids it was given."""
        return tuple(
            (i, act, _ids(act) if act.effect is Effect.WRITE else frozenset())
            for i, act in enumerate(self.acts)
            if not act.failed
        )

    @cached_property
    def acts_by_asker(self) -> dict[int, list[Act]]:
        found: dict[int, list[Act]] = {}
        for act in self.acts:
            found.setdefault(act.step, []).append(act)
        return found


def read(trace: Trace, tools: Mapping[str, ToolFact] | None = None, earlier: Sequence[Message] = ()) -> Reading:
    """The trace with roles and acts. Cost: linear in its text; each text is cut at 200,000 characters.

    Args:
        trace: The run.
        tools: What its tools do, where more is known than name and arguments tell: corrected, declared, seen in use.
        earlier: Turns of the session before this run, in order, where its own model calls do not hold them.
    """
    views = views_of(trace)
    acts = tuple(acts_of(views, tools))
    return Reading(trace, views, acts, {view.index: view for view in views}, dict(tools or {}), tuple(earlier))


def _with_given(view: View, given: Act | None) -> View:
    """The decision with the words that it hands to the tool which takes the answer."""
    texts = [item for _, item in scalars(given.arguments) if isinstance(item, str)] if given is not None else []
    words = max(texts, key=len, default="")
    return view if not words or words in view.text else replace(view, text=f"{view.text}\n{words}".strip())


def _has_reply(view: View) -> bool:
    return any(message.role == "assistant" for message in view.step.new_messages)


def _is_failure(message: Message) -> bool:
    return message.is_error or failure_in_result(message.content, message.content) is not None


def mended(reading: Reading, failed: Act) -> bool:
    """Did a later call make it good: a change on the same record by the same tool, a look-up by any?"""
    at = _place(reading, failed)
    wanted = _ids(failed) if failed.effect is Effect.WRITE else frozenset()
    return any(
        i > at and _same_thing(act, failed) and (not wanted or bool(wanted & ids)) for i, act, ids in reading.worked
    )


def changed_between(reading: Reading, first: Act, second: Act) -> bool:
    """May anything between two calls have changed the world, so that the second is not the first again?"""
    start, end = _place(reading, first), _place(reading, second)
    return any(not act.failed and act.key != first.key and _may_change(act) for act in reading.acts[start + 1 : end])


def _may_change(act: Act) -> bool:
    if act.command is not None:
        return act.command.deed not in (Deed.LOOK, Deed.CHECK)
    return act.role in (ToolRole.WRITE, ToolRole.RUN, ToolRole.ASK, ToolRole.HANDOVER, ToolRole.UNKNOWN)


def _place(reading: Reading, wanted: Act) -> int:
    return next(i for i, act in enumerate(reading.acts) if act is wanted)


def _same_thing(act: Act, failed: Act) -> bool:
    both_look = act.effect is Effect.READ and failed.effect is Effect.READ
    return act.tool == failed.tool or (both_look and bool(things_of(act.tool) & things_of(failed.tool)))


def _ids(act: Act) -> frozenset[str]:
    texts = (as_text(item) for _, item in scalars(act.arguments))
    return frozenset(value.normal for text in texts for value in values_in(text) if value.kind is ValueKind.ID)


def owned_up(reading: Reading, step: int) -> bool:
    """Does the final answer, after this step, say that something did not work?"""
    final = reading.final
    return final is not None and final.index > step and bool(HEDGE.search(final.text[:4_000]))


def got_over(reading: Reading, failed: Act) -> str:
    """How the run dealt with a failed call, in words for a reader; empty where it did not."""
    if asks_leave(failed.failure) or asks_leave(failed.result):
        return "for want of a person's yes"
    if failed.done is not None and owned_up(reading, failed.done):
        return "and the answer says so"
    if failed.done is not None and _said_at_once(reading, failed):
        return "and the agent said so"
    if mended(reading, failed):
        return "and a later call worked"
    return "and the work went on" if reading.kind in CRAFT and _went_on(reading, failed) else ""


def _said_at_once(reading: Reading, failed: Act) -> bool:
    """Do the agent's next words, before it does anything else, tell of the failure: by a hedge or in its own terms?"""
    done = failed.done or 0
    after = (view for view in reading.decisions if view.index >= done and view.text.strip())
    said = next((view for view in after if view.index > done or failed.asked != view.index), None)
    if said is None or any(done < act.step < said.index for act in reading.acts):
        return False
    wanted = {word.lower() for word in _TELLING.findall(failed.failure or "")} - _PLAIN_WORDS
    told = {word.lower() for word in _TELLING.findall(said.text[:4_000])}
    return bool(HEDGE.search(said.text[:4_000])) or len(wanted & told) >= _MOST_OF * max(2, len(wanted))


def got_over_step(reading: Reading, view: View) -> str:
    """`got_over` for a failed step that is no call of an agent: a guardrail, an embedding."""
    if asks_leave(view.step.error.message if view.step.error else view.text):
        return "for want of a person's yes"
    return "and the answer says so" * owned_up(reading, view.index)


def _went_on(reading: Reading, failed: Act) -> bool:
    """Trying things out means that some fail; it is the end that counts."""
    at = _place(reading, failed)
    looks = failed.command is not None and failed.command.deed is Deed.LOOK
    return (looks and prints_nothing(failed.result or "")) or any(i > at for i, _, _ in reading.worked)


def _user_turns(views: Sequence[View]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for view in views:
        if view.role is Role.USER:
            texts = [view.text]
        elif view.role is Role.DECISION:
            texts = [message.content for message in view.received if message.role == "user"]
        else:
            texts = []
        for text in texts:
            if text not in seen and persons_words(text):
                seen.add(text)
                yield view.index, text
