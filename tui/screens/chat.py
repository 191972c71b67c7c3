"""A conversation with a model about one run: it streams, cites steps that open, and stops when told to."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import WorkType

from ...agents.chat import Chat, Exchange, Lookup, claims_of
from ...agents.events import Ending, Event, TextDelta, ToolAnswered, ToolCalled
from ...agents.model import NoKeyError, make_client
from ...agents.prices import find_price
from ...agents.settings import Role, choose_model
from ...agents.spending import Budget, Purse
from ...model.errors import RetrospanError
from ...model.text.jsontext import as_text
from ...model.traces import Trace
from ...services.knowledge.chat_drafts import lesson_from_answer, review_from_answer
from ...services.reviewing.sentences import explanation_of
from ...services.understanding.explaining import Explanation, explain_trace
from ...store.reading.summaries import get_trace
from ..chat_text import exchange_blocks, lookup_blocks
from ..gate import joined, shown
from ..widgets.block_view import Block, BlockView
from .ask import LineScreen
from .base import AppScreen
from .step import StepScreen

_QUESTION_BUDGET = Budget(usd=0.50, tokens=400_000)
"""What one question may take at most."""
_REDRAW_SECONDS = 0.1
_ENDINGS = {
    Ending.REFUSED: "The model refuses to answer.",
    Ending.TRUNCATED: "The answer was longer than one may be. Ask for less at once.",
    Ending.LIMIT: "This conversation is full. n begins a new one.",
    Ending.TIME: "No answer within five minutes.",
    Ending.BUDGET: "The answer would cost more than a question may.",
    Ending.SUSPICIOUS: "The model repeated what only its instructions hold; the answer was thrown away.",
}


class ChatScreen(AppScreen):
    """Questions below, answers above; the steps that an answer cites can be opened."""

    guide = (
        "Ask a model about this run. Each citation is looked up: under a sentence stand the steps that hold its words, "
        "and ⚠ where they do not. Nothing the model says is confirmed; a and L hand it to people."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "write", "Write"),
        Binding("enter", "open", "Open the step"),
        Binding("f", "fold", "Lookups"),
        Binding("a", "review", "Ask an expert"),
        Binding("L", "lesson", "Draft a lesson"),
        Binding("n", "new", "New", show=False),
        Binding("escape", "back", "Stop, back"),
    ]

    def __init__(self, trace_id: int) -> None:
        super().__init__()
        self.trace_id = trace_id
        self.unfolded = False
        self._trace: Trace | None = None
        self._chat: Chat | None = None
        self._asking = ""
        self._words: list[str] = []
        self._lookups: dict[str, Lookup] = {}
        self._note = ""
        self._without_key: list[Block] = []
        self._settled: list[Block] | None = None

    def body(self) -> ComposeResult:
        yield BlockView(id="said", classes="framed")
        yield Input(placeholder="Ask about this run …", id="ask-model")

    def on_mount(self) -> None:
        self.set_title("Traces", f"T{self.trace_id}", "Conversation")
        self.query_one("#ask-model").focus()
        self.in_background(self._open, self._opened)
        self.set_interval(_REDRAW_SECONDS, self._redraw_live)

    def _open(self) -> tuple[Trace, Chat]:
        model = choose_model(Role.INVESTIGATOR, folder=self.desk.folder)
        return get_trace(self.store, self.trace_id), Chat(self.store, self.trace_id, model, folder=self.desk.folder)

    def _opened(self, opened: tuple[Trace, Chat]) -> None:
        self._trace, self._chat = opened
        self._draw()
        self.in_background(self._key_problem, self._told, group="key")

    def _key_problem(self) -> tuple[str, Explanation] | None:
        try:
            make_client()
        except NoKeyError as err:
            return str(err), explain_trace(self.store, self.trace_id)
        return None

    def _told(self, problem: tuple[str, Explanation] | None) -> None:
        if problem is None:
            return
        from .suspects import suspect_blocks

        words, explanation = problem
        head = Block(shown("What the rules found, without a model", "bold"))
        self._settled = None
        self._without_key = [Block(shown(words, "$warning")), head, *suspect_blocks(explanation)]
        self._draw()
        self.query_one("#said").focus()

    @property
    def running(self) -> bool:
        """Whether an answer is on its way."""
        return bool(self._asking)

    @on(Input.Submitted, "#ask-model")
    def _submitted(self, event: Input.Submitted) -> None:
        words = event.value.strip()
        if not words or self.running or self._chat is None:
            return
        event.input.value = ""
        self._asking, self._words, self._lookups, self._note = words, [], {}, ""
        self._draw()
        work: WorkType[None] = partial(self._converse, self._chat, words)
        self.run_worker(work, group="chat", exclusive=True)

    async def _converse(self, chat: Chat, words: str) -> None:
        note = "Stopped; the question is not kept."
        try:
            purse = Purse(_QUESTION_BUDGET, find_price(chat.model))
            async with await asyncio.to_thread(make_client) as client:
                answer = await chat.ask(client, words, purse, on_event=self._heard)
            note = answer.problem if answer.ending is Ending.FAILED else _ENDINGS.get(answer.ending, "")
        except RetrospanError as err:
            note = str(err)
        finally:
            self._asking, self._note, self._settled = "", note, None
            if self.is_attached:
                self._finished(words)

    def _finished(self, words: str) -> None:
        """Show the answer and let it be read; where there is none, give the question back."""
        self._draw()
        box = self.query_one("#ask-model", Input)
        if self._note:
            box.value = box.value or words
            box.cursor_position = len(box.value)
            box.focus()
        else:
            self.query_one("#said").focus()

    def _heard(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self._words.append(event.text)
        elif isinstance(event, ToolCalled):
            self._words = []
            self._lookups[event.id] = Lookup(event.name, as_text(event.arguments))
        elif isinstance(event, ToolAnswered) and event.id in self._lookups:
            known = self._lookups[event.id]
            self._lookups[event.id] = Lookup(known.name, known.arguments, event.text, event.is_error)

    def _redraw_live(self) -> None:
        if self.running:
            self._draw()

    def _draw(self) -> None:
        if self._chat is None or self._trace is None:
            return
        blocks = self._settled_blocks()
        if self.running:
            blocks.append(Block(joined(shown("› ", "bold $accent"), shown(self._asking, "bold"))))
            blocks += lookup_blocks(list(self._lookups.values()), unfolded=self.unfolded)
            blocks.append(Block(joined(shown("".join(self._words)), shown(" ▌", "$accent"))))
        if self._note:
            blocks.append(Block(shown(self._note, "$warning")))
        if not blocks:
            blocks = [Block(shown("Ask in your own words: what went wrong, and which step shows it?", "$quiet"))]
        view = self.query_one("#said", BlockView)
        place, follows = view.scroll_offset.y, view.scroll_offset.y >= view.max_scroll_y - 1
        view.show(blocks)
        if self._without_key and not self._chat.exchanges:
            return
        if follows:
            view.scroll_end(animate=False)
        else:
            view.scroll_to(y=place, animate=False)

    def _settled_blocks(self) -> list[Block]:
        """What does not change while an answer streams; made once, since every citation in it is looked up."""
        if self._settled is None:
            assert self._chat is not None and self._trace is not None
            self._settled = [*self._without_key]
            for exchange in self._chat.exchanges:
                self._settled += exchange_blocks(exchange, self._trace, unfolded=self.unfolded)
        return list(self._settled)

    def action_back(self) -> None:
        if self.running:
            self.workers.cancel_group(self, "chat")
        else:
            super().action_back()

    def action_write(self) -> None:
        self.query_one("#ask-model").focus()

    def action_open(self) -> None:
        step = self.query_one("#said", BlockView).marked_key
        if step is not None and self._trace is not None:
            self.app.push_screen(StepScreen(self._trace.summary, self._trace.steps[step]))

    def action_fold(self) -> None:
        self.unfolded, self._settled = not self.unfolded, None
        self._draw()

    def action_new(self) -> None:
        if self._chat is not None and not self.running:
            self._chat.forget()
            self._note, self._settled = "", None
            self._draw()

    def _last(self) -> Exchange | None:
        """The newest answer, if anything in it holds."""
        answers = self._chat.exchanges if self._chat else []
        if not answers or not claims_of(answers[-1].said):
            self.tell("No answer yet that a step supports.")
            return None
        return answers[-1]

    def action_review(self) -> None:
        last = self._last()
        if last is None:
            return

        def asked(question: str | None) -> None:
            if question:
                item = review_from_answer(self.store, self.trace_id, question, last.claims, by=self.desk.who)
                self.tell(f"{item.short_id} waits in the review queue (r on a main screen).")

        note = "One fact that can be seen, in the past tense. Enter asks · esc cancels"
        self.app.push_screen(LineScreen("What shall an expert answer?", note, value=last.question), asked)

    def action_lesson(self) -> None:
        last = self._last()
        if last is None or self._trace is None:
            return
        words = explanation_of(last.claims)
        kept = lesson_from_answer(self.store, self._trace, last.question, words, last.claims, by=self.desk.who)
        self.tell(f"Lesson {kept.lesson.id} is kept as a draft (l on a main screen).")
