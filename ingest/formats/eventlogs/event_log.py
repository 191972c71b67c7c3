"""Logs that agents of no known product write of their own acts, one event a line or element, told by their shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import (
    Annotation,
    JsonValue,
    Message,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
)
from ..dialogue.beside import about, key_of, marks_of, task_of
from ..fields import digest_of, mapping, optional_text, time_ns
from ..head import Head
from ..judgements import judgement, present
from ..messages import usage_of
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder
from .acts import FINISHING, Act, act_of
from .layouts import Run, is_agents_log, runs_in

CONVENTION = "event-log"
_HEAD = 20
_NOBODY = "an agent's own event log"
"""Who recorded the spans, as the answer of an import calls a convention that nobody knows."""


def sniff(head: Head) -> bool:
    """Whether the records are acts of an agent, or the first one holds runs of such acts."""
    return _hold_runs(head.records) or is_agents_log(list(head.records))


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a run: by the run's id where the events have one, else the file is one."""
    records = json_records(source)
    head = list(islice(records, _HEAD))
    values = [record.value for record in head if isinstance(record, Record)]
    if _hold_runs(values):
        yield from _held_runs(chain(head, records), source)
    elif is_agents_log(values):
        yield from _events(chain(head, records), source)
    else:
        yield from (record for record in head if isinstance(record, RecordError))
        what = "No agent's log: no record has a tool with its arguments or result, or the words of a model."
        yield source.error("file", f"{what} Known names: tool, args, result, thought, response, event, action.")


def _hold_runs(values: Sequence[JsonValue]) -> bool:
    """Whether most records hold runs, and are not acts that only list their calls."""
    return bool(values) and 2 * sum(bool(runs_in(value, "")) for value in values) > len(values)


def _held_runs(records: Iterator[Record | RecordError], source: Source) -> Iterator[ReadItem]:
    for record in records:
        if isinstance(record, RecordError):
            yield record
            continue
        runs = runs_in(record.value, record.where)
        if not runs:
            yield source.error(record.where, "No run: no list of acts with a tool, or the words of a model.")
        for run in runs:
            yield from _batch(run, source)


def _events(records: Iterator[Record | RecordError], source: Source) -> Iterator[ReadItem]:
    runs: dict[str, list[dict[str, JsonValue]]] = {}
    known = ""
    for number, record in enumerate(records, 1):
        if isinstance(record, RecordError):
            yield record
            continue
        source.limits.check_steps(number, where=record.where)
        known = act_of(mapping(record.value)).run or known
        runs.setdefault(known, []).append(mapping(record.value))
    for run, acts in runs.items():
        yield from _batch(Run("file", {"run_id": run} if run else {}, acts), source)


def _batch(run: Run, source: Source) -> Iterator[ReadItem]:
    try:
        source.limits.check_steps(len(run.acts), where=run.where)
    except BadInputError as err:
        yield source.error(err.where or run.where, str(err))
        return
    log = _Log(SessionBuilder(key_of(run.value) or f"log-{digest_of([run.value, *run.acts])}", CONVENTION))
    acts = [act_of(record) for record in run.acts]
    for index, act in enumerate(acts):
        log.add(act, str(index), is_last=index == len(acts) - 1)
    log.close()
    if not log.builder.spans:
        yield source.error(run.where, "The run has no step: nothing in it says what was asked, done or answered.")
        return
    key = log.builder.trace_key
    facts = TraceFacts(key, task=task_of(run.value), metadata=about(run.value) or None, annotations=_notes(run))
    yield SpanBatch(log.builder.spans, [facts], by_shape=Counter({_NOBODY: len(log.builder.spans)}))
    if log.silent:
        yield source.left_out("records without an act", log.silent, "They hold no words, call or result.")


def _notes(run: Run) -> tuple[Annotation, ...]:
    rewards = [act["reward"] for act in run.acts if isinstance(act.get("reward"), int | float)]
    last = judgement("reward", rewards[-1], source=CONVENTION) if rewards else None
    return present(*marks_of(run.value, CONVENTION), last)


@dataclass(slots=True)
class _Log:
    """The steps so far, and the calls whose result has not come."""

    builder: SessionBuilder
    open: list[tuple[ToolCall, str]] = field(default_factory=list)
    """Calls that started, with the key of their span."""
    announced: list[ToolCall] = field(default_factory=list)
    """Calls that the model asked for and nobody has told of yet."""
    asked: set[str] = field(default_factory=set)
    silent: int = 0

    def add(self, act: Act, key: str, *, is_last: bool) -> None:
        """Takes in the next act."""
        moment = time_ns(act.moment)
        self.silent += not act.says_something
        self.builder.agent = act.agent
        if act.asked and act.asked not in self.asked:
            self.asked.add(act.asked)
            self.builder.said(Message("user", act.asked), key=f"{key}.asked", time_ns=moment)
        if is_last and act.is_model and act.is_call and not act.has_result and not act.calls:
            self._answer(_spoken(act), key, moment)
            return
        if act.is_model:
            self._answer(act, key, moment)
        elif act.is_final and act.said:
            self._conclude(act, key, moment)
        if act.is_call:
            self._call(act, key)
        if act.has_result:
            self._return(act, key, moment)

    def close(self) -> None:
        """Ends the log: calls that started and whose result nobody wrote down are steps without one."""
        for call, key in self.open:
            self.builder.returned(Message("tool", "", tool_call_id=call.id, name=call.name), key=key, time_ns=None)
        self.open.clear()

    def _answer(self, act: Act, key: str, moment: int | None) -> None:
        self.close()
        calls = tuple(ToolCall(name, given, f"{key}.{place}") for place, (name, given) in enumerate(act.calls))
        if act.is_call and not calls:
            calls = (ToolCall(act.tool or "tool", act.given, f"{key}.0"),)
        self.announced = list(calls)
        message = Message("assistant", act.said or "", calls, reasoning=act.thought)
        span = self.builder.answered(message, key=f"{key}.answer", time_ns=moment, usage=usage_of(act.usage))
        span.model = act.model
        if act.error and not act.has_result and not act.is_call:
            span.status, span.error = Status.ERROR, StepError(act.error)

    def _conclude(self, act: Act, key: str, moment: int | None) -> None:
        """The end of a run as its answer: the words of the model call before it where that had none."""
        self.close()
        last = self.builder.spans[-1] if self.builder.spans else None
        before = last.output_messages[0] if last and last.kind is StepKind.LLM and last.output_messages else None
        if last is None or before is None or before.tool_calls or (before.content and before.content != act.said):
            self._answer(act, key, moment)
        elif not before.content:
            self.builder.set_answer(last, Message("assistant", act.said or "", reasoning=before.reasoning))

    def _call(self, act: Act, key: str) -> None:
        """A call that starts: the one that the model asked for under its name, or one that nobody announced."""
        name = act.tool or "tool"
        if act.has_result and any(held.name == name for held, _ in self.open):
            return
        call = next((one for one in self.announced if one.name == name), None)
        if call is not None:
            self.announced.remove(call)
            call = ToolCall(name, act.given if act.given is not None else call.arguments, call.id)
        else:
            call = ToolCall(name, act.given, f"{key}.call")
        self.builder.calls[call.id or key] = (call, time_ns(act.moment))
        self.open.append((call, f"{key}.tool"))

    def _return(self, act: Act, key: str, moment: int | None) -> None:
        if not self.open and self.announced:
            call = next((one for one in self.announced if one.name == act.tool), self.announced[0])
            self.announced.remove(call)
            self.open.append((call, f"{key}.tool"))
        named = [held for held in self.open if held[0].name == act.tool]
        call, place = (named or self.open or [(ToolCall(act.tool or "tool", None), f"{key}.tool")])[0]
        self.open = [held for held in self.open if held[0] is not call]
        text = as_text(act.came) or act.error or ""
        message = Message("tool", text, tool_call_id=call.id, name=call.name, is_error=act.error is not None)
        span = self.builder.returned(message, key=place, time_ns=moment, output=act.came)
        if act.error and span.error is not None:
            span.error = StepError(act.error)


def _spoken(act: Act) -> Act:
    """The last step of a loop without a result, whose action is the answer itself."""
    is_answer = isinstance(act.given, str) or (act.tool or "").lower() in FINISHING
    if is_answer:
        act.said, act.is_call = act.said or optional_text(as_text(act.given)), False
    return act
