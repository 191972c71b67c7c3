"""One run: the outline beside the step that is marked, with signals and suspects."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ...answers.outcome import told_outcome
from ...model.findings import Signal
from ...model.text.display import safe_text
from ...model.traces import Trace
from ...services.privacy.read_notes import at_hand, note_reading
from ...services.understanding.analysing import signals_of
from ...services.understanding.explaining import Explanation, explain_trace
from ...store.reading.summaries import get_trace
from ..gate import counted, joined, lines, shown, shown_line
from ..step_search import step_plain, steps_with
from ..step_text import depths, outline_row, step_blocks
from ..timeline import Timeline, timeline_of
from ..widgets.block_view import BlockView
from ..widgets.row_list import RowList
from .ask import LineScreen
from .base import Newsreel


class TraceScreen(Newsreel):
    """Outline on the left, one step on the right; `t` spreads the outline out over time."""

    guide = (
        "One run, step by step. The right side shows only what a step adds; x shows all that the model saw. "
        "✗ marks a step that ended in an error, ! one with a failure signal. t shows when each step ran, how long, "
        "and its tokens. Steps that arrive while one reads are added."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "signal(1)", "Signal"),
        Binding("N", "signal(-1)", "Previous signal", show=False),
        Binding("s", "suspects", "Suspects"),
        Binding("d", "diff", "Diff"),
        Binding("t", "timeline", "Timeline"),
        Binding("x", "whole", "Whole"),
        Binding("a", "ask", "Ask"),
        Binding("c", "chat", "Chat"),
        Binding("slash", "find", "Find", key_display="/"),
        Binding("f", "find_next(1)", "Next found", show=False),
        Binding("F", "find_next(-1)", "Previous found", show=False),
        Binding("right_square_bracket", "neighbour(1)", "Next run", show=False, key_display="]"),
        Binding("left_square_bracket", "neighbour(-1)", "Previous run", show=False, key_display="["),
        Binding("y", "copy('id')", "Copy the step's id", show=False),
        Binding("Y", "copy('text')", "Copy the step's text", show=False),
        Binding("J", "scroll(1)", "Scroll the step down", show=False),
        Binding("K", "scroll(-1)", "Scroll the step up", show=False),
    ]

    def __init__(self, trace_id: int, step: int | None = None) -> None:
        super().__init__()
        self.trace_id = trace_id
        self.first_step = step
        self.trace: Trace | None = None
        self.signals: tuple[Signal, ...] = ()
        self.whole = False
        self.timeline: Timeline | None = None
        """The scale of the bars while they are shown."""
        self.sought = ""
        """Words that were last searched for here."""
        self.found: list[int] = []
        self._depths: list[int] = []
        self._by_step: dict[int, list[Signal]] = {}

    def body(self) -> ComposeResult:
        yield Static(Content(""), id="ask")
        yield Static(Content(""), id="timeline-head", classes="hidden")
        with Horizontal(id="trace-split"):
            yield RowList(self._row, id="outline", classes="framed")
            yield BlockView(id="detail", classes="framed")

    def on_mount(self) -> None:
        self.set_title("Traces", f"T{self.trace_id}")
        self.query_one("#outline").focus()
        self.in_background(self._read, self._loaded)
        self.watch_for_news()

    def _read(self) -> Trace:
        trace = get_trace(self.store, self.trace_id)
        note_reading(self.store, [self.trace_id], actor=at_hand("tui"), detail="trace")
        return trace

    def news(self) -> None:
        self.in_background(lambda: get_trace(self.store, self.trace_id), self._grown, group="news")

    def _grown(self, trace: Trace) -> None:
        """Take newly arrived steps over; the reader stays at the step that was marked."""
        if self.trace is None or trace.summary.revision == self.trace.summary.revision:
            return
        former = self.trace.steps
        cursor = self.query_one("#outline", RowList).cursor
        marked = former[cursor].span_id if cursor < len(former) else ""
        self.first_step = next((step.index for step in trace.steps if step.span_id == marked), 0)
        added = len(trace.steps) - len(former)
        self._loaded(trace)
        if added > 0:
            self.tell(f"{counted(added, 'step')} arrived.")

    def _loaded(self, trace: Trace) -> None:
        self.trace = trace
        self._depths = depths(trace.steps)
        if self.timeline is not None:
            self.timeline = timeline_of(trace.steps)
        self._show_facts()
        outline = self.query_one("#outline", RowList)
        outline.border_title = shown(counted(len(trace.steps), "step"))
        outline.fill(len(trace.steps), self.first_step or 0)
        self.in_background(
            lambda: signals_of(self.store, [self.trace_id])[self.trace_id], self._signals, group="signals"
        )

    def _signals(self, signals: tuple[Signal, ...]) -> None:
        self.signals = signals
        self._by_step = {}
        for signal in signals:
            if signal.step is not None:
                self._by_step.setdefault(signal.step, []).append(signal)
        self.query_one("#outline").refresh()
        self._show_facts()
        self._show_step()
        failing = [signal for signal in signals if signal.failure and signal.step is not None]
        if self.first_step is None and failing:
            self.query_one("#outline", RowList).cursor = failing[0].step or 0

    def _show_facts(self) -> None:
        assert self.trace is not None
        run = self.trace.summary
        facts = [told_outcome(run)]
        facts += [f"{name} {value}" for name, value in (("version", run.version), ("project", run.project)) if value]
        width = max(self.size.width - 4, 20)
        words = [shown_line(run.input or run.external_id, width, "bold"), shown("\n" + " · ".join(facts), "$quiet")]
        whole_run = [signal for signal in self.signals if signal.step is None and signal.failure]
        words += [
            shown_line(f" · ! {s.signal.replace('_', ' ')}: {s.reason}", width // 2, "$warning") for s in whole_run[:2]
        ]
        self.query_one("#ask", Static).update(joined(*words))
        self._show_scale()

    def _show_scale(self) -> None:
        head = self.query_one("#timeline-head", Static)
        head.set_class(self.timeline is None, "hidden")
        if self.timeline is not None:
            # The rows below are narrower by border, scroll bar and gutter.
            width = max(self.size.width - 6, 20)
            scale = joined(shown("  "), self.timeline.header(width))
            head.update(lines(self.timeline.totals(width), scale))

    def on_resize(self) -> None:
        if self.trace is not None:
            self._show_facts()

    def _row(self, index: int, width: int) -> Content:
        if self.trace is None:
            return Content("")
        if self.timeline is not None:
            return self.timeline.row(index, width)
        return outline_row(self.trace.steps[index], self._depths[index], self._by_step.get(index, ()), width)

    @on(RowList.Marked, "#outline")
    def _show_step(self) -> None:
        if self.trace is None:
            return
        step = self.trace.steps[self.query_one("#outline", RowList).cursor]
        detail = self.query_one("#detail", BlockView)
        detail.border_title = shown("all that the step saw" if self.whole else "what the step adds")
        signals = self._by_step.get(step.index, ())
        detail.show(step_blocks(self.trace.summary, step, signals, whole=self.whole))

    @on(RowList.Chosen, "#outline")
    def _read_step(self) -> None:
        if self.timeline is not None:
            self.action_timeline()
        else:
            self.query_one("#detail").focus()

    def action_timeline(self) -> None:
        if self.trace is None:
            return
        self.timeline = None if self.timeline is not None else timeline_of(self.trace.steps)
        self.query_one("#trace-split").set_class(self.timeline is not None, "-timeline")
        self.query_one("#outline").focus()
        self._show_scale()
        self.query_one("#outline").refresh()

    def action_whole(self) -> None:
        self.whole = not self.whole
        self._show_step()

    def action_scroll(self, direction: int) -> None:
        self.query_one("#detail").scroll_relative(y=direction * 5, animate=False)

    def action_signal(self, direction: int) -> None:
        outline = self.query_one("#outline", RowList)
        marked = sorted(step for step, signals in self._by_step.items() if any(s.failure for s in signals))
        ahead = [step for step in marked if (step > outline.cursor if direction > 0 else step < outline.cursor)]
        if ahead:
            outline.cursor = ahead[0] if direction > 0 else ahead[-1]
        else:
            self.tell("No further signal in this direction." if marked else "No step of this run shows a signal.")

    def action_find(self) -> None:
        note = "Words of any step · f and F go to the next and the previous"
        screen = LineScreen("Find in this run", note, value=self.sought)
        self.app.push_screen(screen, self._sought)

    def _sought(self, words: str | None) -> None:
        if words is None or self.trace is None:
            return
        self.sought, trace = words, self.trace
        self.in_background(lambda: steps_with(trace, words), self._found, group="find")

    def _found(self, steps: list[int]) -> None:
        self.found = steps
        if not steps:
            self.tell(f"No step holds “{self.sought}”.")
            return
        outline = self.query_one("#outline", RowList)
        outline.cursor = next((step for step in steps if step >= outline.cursor), steps[0])
        self.tell(f"{counted(len(steps), 'step')} with “{self.sought}” · f next · F previous")

    def action_find_next(self, direction: int) -> None:
        if not self.found:
            self.tell("/ searches in this run first.")
            return
        outline = self.query_one("#outline", RowList)
        ahead = [step for step in self.found if (step > outline.cursor if direction > 0 else step < outline.cursor)]
        # Past the last one it begins anew, as a search does.
        outline.cursor = (ahead or self.found)[0 if direction > 0 else -1]

    def action_neighbour(self, direction: int) -> None:
        ids = self.desk.run_ids
        place = ids.index(self.trace_id) + direction if self.trace_id in ids else -1
        if 0 <= place < len(ids):
            self.app.switch_screen(TraceScreen(ids[place]))
        else:
            self.tell("No further run in the list that this one was opened from.")

    def action_copy(self, what: str) -> None:
        if self.trace is None:
            return
        step = self.trace.steps[self.query_one("#outline", RowList).cursor]
        text = f"{self.trace.summary.short_id}.{step.index}" if what == "id" else step_plain(step)
        self.app.copy_to_clipboard(safe_text(text))
        self.tell(f"Copied {text}." if what == "id" else f"Copied the text of step {step.index}.")

    def action_suspects(self) -> None:
        self.tell("Weighing the evidence …")
        self.in_background(lambda: explain_trace(self.store, self.trace_id), self._suspects, group="suspects")

    def _suspects(self, explanation: Explanation) -> None:
        from .suspects import SuspectsScreen

        self.app.clear_notifications()
        self.app.push_screen(SuspectsScreen(explanation), self._go_to)

    def _go_to(self, step: int | None) -> None:
        if step is not None:
            self.query_one("#outline", RowList).cursor = step

    def action_diff(self) -> None:
        from .diff import DiffScreen

        self.app.push_screen(DiffScreen(self.trace_id))

    def action_chat(self) -> None:
        from .chat import ChatScreen

        self.app.push_screen(ChatScreen(self.trace_id))

    def action_ask(self) -> None:
        if self.trace is None:
            return
        from .ask import AskScreen

        step = self.query_one("#outline", RowList).cursor
        self.app.push_screen(AskScreen(self.trace.summary.short_id, step), self._asked)

    def _asked(self, question: str | None) -> None:
        if question is None:
            return
        from ...services.reviewing.asking import request_review

        step = self.query_one("#outline", RowList).cursor
        item = self.attempt(
            lambda: request_review(
                self.store, self.trace_id, question, by=self.desk.who, focus=(step,), reason="asked in the terminal app"
            )
        )
        if item is not None:
            self.tell(f"{item.short_id} waits in the review queue (r on a main screen).")
