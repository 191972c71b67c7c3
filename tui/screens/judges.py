"""May this judge be trusted, and what is to be done next: in words first, then in pictures with a sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ...analysis.judging.choosing import CorrectedRate
from ...model.reviews import Label
from ...services.judging.calibrating import Calibration, calibrate, judge_versions
from ...services.judging.labels import LabelledRun
from ...services.judging.plain_words import in_words, next_words, rate_words, trust_of, trust_words
from ...store.contract import Store
from ..gate import cell, counted, joined, lines, shown
from ..plots import bar, interval_bar
from ..widgets.block_view import Block, BlockView
from ..widgets.row_list import RowList
from .base import BREAKPOINTS, AppScreen

_SIGNS = {True: ("✓", "$verdict-pass"), False: ("✗", "$verdict-fail"), None: ("?", "$warning")}
_PLOT = 22
_NAME = 28
"""Cells for what a bar stands for."""


class JudgesScreen(AppScreen):
    """Judges and the runs where one differs from people on the left, what is known of it on the right."""

    guide = (
        "A judge answers one question about many runs: a model, a signal, a function, or what verdicts taught. Here "
        "stands how right it is beside people's signed verdicts. Enter on a run below opens it: most often the rubric "
        "is silent there. R measures anew."
    )
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("R,f5", "measure", "Measure anew", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.names: Sequence[str] = ()
        self.found: Calibration | None = None
        self._shown = ""
        """Name of the judge that is shown or being measured."""

    def body(self) -> ComposeResult:
        yield Static(Content(""), id="judges-note", classes="note hidden")
        with Horizontal(id="item-split"):
            with Vertical(classes="judges-side"):
                yield RowList(self._judge, id="judge-list", classes="framed")
                yield RowList(self._difference, id="differences", classes="framed")
            yield BlockView(id="judge", classes="framed side")

    def on_mount(self) -> None:
        self.set_title("Judges")
        self.query_one("#judge-list").focus()
        self.in_background(lambda: _names(self.store), self._listed)

    def action_measure(self) -> None:
        self._measure(self.query_one("#judge-list", RowList).cursor)

    def _listed(self, names: Sequence[str]) -> None:
        self.names = names
        note = self.query_one("#judges-note", Static)
        note.set_class(bool(names), "hidden")
        note.update(
            lines(
                shown("No judge has answered yet.", "bold"),
                shown("Without a key: retrospan judge signal SIGNAL since:30d, or retrospan judge probe since:30d"),
                shown("With one: retrospan judge run since:30d"),
            )
        )
        rows = self.query_one("#judge-list", RowList)
        rows.border_title = shown(counted(len(names), "judge"))
        rows.fill(len(names), rows.cursor)
        self._mark(rows.cursor)

    def _mark(self, index: int) -> None:
        if index < len(self.names) and self._shown != self.names[index]:
            self._measure(index)

    def _measure(self, index: int) -> None:
        if index >= len(self.names):
            return
        name, store = self.names[index], self.store
        self._shown = name
        self.query_one("#judge", BlockView).show([Block(shown("Measuring …", "$quiet"))])
        self.in_background(lambda: calibrate(store, name, prompt=_prompt()), self._measured, group="measure")

    def _measured(self, found: Calibration) -> None:
        self.found = found
        view = self.query_one("#judge", BlockView)
        view.border_title = shown(found.judge.name)
        view.show(judge_blocks(found))
        rows = self.query_one("#differences", RowList)
        rows.border_title = shown(f"{counted(len(found.disagreements), 'run')} where it and people differ")
        rows.fill(len(found.disagreements), 0)

    def _judge(self, index: int, width: int) -> Content:
        return cell(self.names[index], width) if index < len(self.names) else Content("")

    def _difference(self, index: int, width: int) -> Content:
        differ = self.found.disagreements if self.found else ()
        return _difference_row(differ[index], width) if index < len(differ) else Content("")

    @on(RowList.Marked, "#judge-list")
    @on(RowList.Chosen, "#judge-list")
    def _marked(self, event: RowList.Marked | RowList.Chosen) -> None:
        self._mark(event.index)

    @on(RowList.Chosen, "#differences")
    def _read(self, event: RowList.Chosen) -> None:
        if self.found is not None and event.index < len(self.found.disagreements):
            self.desk.open_trace(self.found.disagreements[event.index].trace_id)


def judge_blocks(found: Calibration) -> list[Block]:
    """What is known of a judge, in reading order: the answer, what to do next, then what they rest on."""
    sign, style = _SIGNS[trust_of(found)]
    head = [joined(shown(f"{sign} ", style), shown(trust_words(found), f"bold {style}"))]
    head += [shown(f"Out of date: {why}.", "$warning") for why in found.stale]
    blocks = [Block(lines(*head)), Block(shown(next_words(found), "bold"))]
    blocks += [_beside_people(found), _rate(found)]
    blocks += [block for block in (_flips(found), _abstention(found)) if block]
    words = [line for line in in_words(found)[1:-1] if line != rate_words(found.rate)]
    return [*blocks, Block(lines(shown("In words", "bold $accent"), *map(shown, words)))]


def _beside_people(found: Calibration) -> Block:
    runs = [run for run in found.runs if run.answered and not run.test]
    most = max((_count(runs, human, judge) for human in _BOTH for judge in _BOTH), default=0) or 1
    rows = [shown("Beside people, run by run", "bold $accent")]
    for human in _BOTH:
        for judge in _BOTH:
            count = _count(runs, human, judge)
            right = human is judge
            words = f"people {human.value}, judge {judge.value} {'✓' if right else '✗'}"
            style = "$verdict-pass" if right else "$verdict-fail"
            rows.append(joined(cell(words, _NAME), bar(count / most, _PLOT, style), shown(f" {count}")))
    left = sum(not run.answered for run in found.runs)
    if left:
        rows.append(shown(f"It leaves {counted(left, 'run')} with a verdict to people.", "$quiet"))
    return Block(lines(*rows))


_BOTH = (Label.FAIL, Label.PASS)


def _count(runs: Sequence[LabelledRun], human: Label, judge: Label) -> int:
    return sum(run.human is human and run.judge is judge for run in runs)


def _rate(found: Calibration) -> Block:
    rows = [shown("How often it fails in truth", "bold $accent")]
    if isinstance(found.rate, CorrectedRate):
        scale = (0.0, 1.0)
        for words, told in (("with the judge", found.rate.rate), ("by the verdicts alone", found.rate.alone)):
            plot = interval_bar(told.low, told.value, told.high, scale, _PLOT, "$primary")
            rows.append(
                joined(cell(words, _NAME), plot, shown(f" {told.value:.0%} ({told.low:.0%} to {told.high:.0%})"))
            )
        said = found.rate.uncorrected
        rows.append(joined(cell("what the judge alone says", _NAME), bar(said, _PLOT, "$quiet"), shown(f" {said:.0%}")))
        rows.append(joined(cell("", _NAME), shown("0%" + " " * (_PLOT - 6) + "100%", "$quiet")))
    rows.append(shown(rate_words(found.rate), "$quiet"))
    return Block(lines(*rows))


def _flips(found: Calibration) -> Block | None:
    if not found.flips:
        return None
    rows = [shown("How often it changes its answer where nothing that matters changed", "bold $accent")]
    for flip in found.flips:
        style = "$verdict-fail" if flip.flipped else "$verdict-pass"
        plot = bar(flip.rate.value, _PLOT, style)
        rows.append(shown(f"where {flip.words}", "$quiet"))
        rows.append(joined(cell(f"  {flip.flipped} of {flip.asked} runs", _NAME), plot))
    return Block(lines(*rows))


def _abstention(found: Calibration) -> Block | None:
    if not found.abstention:
        return None
    rows = [shown("If people take the runs that it is less sure of", "bold $accent")]
    for point in found.abstention:
        words = f"sure of {point.threshold:.0%} or more"
        told = f" answers {point.answered:.0%}, wrong {point.wrong.value:.0%}, {point.minutes_per_100:.0f} min per 100"
        rows.append(joined(cell(words, _NAME), bar(point.answered, _PLOT // 2, "$primary"), shown(told)))
    return Block(lines(*rows))


def _difference_row(run: LabelledRun, width: int) -> Content:
    style = "$verdict-fail" if run.judge is Label.PASS else "$warning"
    words = f"people {run.human.value}, judge {run.judge.value}"
    return joined(
        cell(f"T{run.trace_id}", 7, "bold $accent"), cell(words, 26, style), cell(run.people.reason, max(width - 33, 0))
    )


def _names(store: Store) -> list[str]:
    """The judges, the one asked last first."""
    return list(dict.fromkeys(version.name for version in reversed(judge_versions(store))))


def _prompt() -> str:
    from ...agents.judging import key_of_prompt

    return key_of_prompt()
