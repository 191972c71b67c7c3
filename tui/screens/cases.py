"""Regression cases with their status and signature, and which ways of the runs none of them goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...analysis.verification.ladder import Rung
from ...model.errors import UsageError
from ...regression.casehash import hash_case
from ...services.coverage.paths import PathsReport, workflow_paths
from ...services.knowledge.cases import ListedCase, list_cases, nearest_knowledge
from ...services.verification.standing import case_standings
from ...store.contract import Store
from ...store.reading.summaries import resolve_trace
from ..coverage_rows import case_row, coverage_content, untested_row
from ..gate import counted, lines, shown
from ..widgets.row_list import RowList
from .base import MainScreen


class CasesScreen(MainScreen):
    """Coverage above, the cases and the ways without a case below; Tab goes from one to the other."""

    guide = (
        "The regression cases of the project's .retrospan folder, and how much of what the runs do they cover. Below "
        "stand the ways that no case goes, with the best run to make one from. Enter opens a case's file or the run; "
        "o opens the run that a case comes from; v shows the comparisons of versions; R counts anew. What a case has "
        "proven stands behind its signature, once it has run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "origin", "Its run"),
        Binding("v", "comparisons", "Comparisons"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.cases: Sequence[ListedCase] = ()
        self.rungs: Mapping[str, Rung] = {}
        self.report: PathsReport | None = None

    def body(self) -> ComposeResult:
        yield Static(shown("Looking …", "$quiet"), id="coverage", classes="note")
        yield RowList(self._case, id="case-list", classes="framed")
        yield RowList(self._untested, id="untested", classes="framed hidden")

    def on_mount(self) -> None:
        self.set_title("Cases and coverage")
        self.query_one("#case-list").focus()
        self.action_reload()

    def on_screen_resume(self) -> None:
        if self.report is not None:
            self._list_cases()

    def news(self) -> None:
        """Coverage reads thousands of runs, so it is counted anew with R rather than whenever one arrives."""

    def on_resize(self) -> None:
        self._show_coverage()

    def action_reload(self) -> None:
        store, folder = self.store, self.desk.folder
        self._list_cases()
        self.in_background(lambda: _paths_of(store, folder), self._covered, group="coverage")

    def _list_cases(self) -> None:
        store, folder = self.store, self.desk.folder
        self.in_background(lambda: _cases_of(store, folder), self._listed, group="cases")

    def _listed(self, found: tuple[list[ListedCase], dict[str, Rung]]) -> None:
        self.cases, self.rungs = cases, _ = found
        rows = self.query_one("#case-list", RowList)
        rows.border_title = shown(
            counted(len(cases), "regression case")
            if cases
            else "No regression case yet: a verdict of fail offers one (r opens the queue)"
        )
        rows.fill(len(cases), rows.cursor)

    def _covered(self, report: PathsReport | None) -> None:
        self.report = report
        rows = self.query_one("#untested", RowList)
        rows.set_class(report is None or not report.untested, "hidden")
        if report is not None:
            ways = counted(len(report.untested), "way")
            rows.border_title = shown(f"{ways} that no case goes: Enter opens the run to make one from")
            rows.fill(len(report.untested), rows.cursor)
        self._show_coverage()

    def _show_coverage(self) -> None:
        words = self.query_one("#coverage", Static)
        if self.report is not None:
            words.update(coverage_content(self.report, max(self.size.width - 2, 40)))
        elif self.is_mounted and self.cases:
            words.update(shown("No run yet, so nothing is known of coverage."))
        else:
            words.update(
                lines(
                    shown("No runs and no cases yet.", "bold"),
                    shown("retrospan import PATH brings runs in; a verdict of fail offers a case."),
                )
            )

    def _case(self, index: int, width: int) -> Content:
        if index >= len(self.cases):
            return Content("")
        case = self.cases[index].case
        return case_row(self.cases[index], width, self.rungs.get(case.id) if case else None)

    def _untested(self, index: int, width: int) -> Content:
        ways = self.report.untested if self.report else ()
        return untested_row(ways[index], width) if index < len(ways) else Content("")

    @on(RowList.Chosen, "#untested")
    def _promote(self, event: RowList.Chosen) -> None:
        if self.report is not None:
            self.desk.open_trace(self.report.untested[event.index].promote.id)

    @on(RowList.Chosen, "#case-list")
    def _read(self, event: RowList.Chosen) -> None:
        from .text import TextScreen

        listed = self.cases[event.index]
        self.app.push_screen(TextScreen(listed.path.name, listed.path))

    def action_comparisons(self) -> None:
        from .comparisons import ComparisonsScreen

        self.app.push_screen(ComparisonsScreen())

    def action_origin(self) -> None:
        cursor = self.query_one("#case-list", RowList).cursor
        case = self.cases[cursor].case if cursor < len(self.cases) else None
        key = case.provenance.trace if case else None
        if not key:
            self.tell("This case names no run.")
            return
        trace_id = self.attempt(lambda: resolve_trace(self.store, key))
        if trace_id is not None:
            self.desk.open_trace(trace_id)


def _cases_of(store: Store, folder: Path) -> tuple[list[ListedCase], dict[str, Rung]]:
    """The cases, and where the fix of each stands that has run."""
    try:
        listed = list_cases(nearest_knowledge(folder))
    except UsageError:
        return [], {}
    cases = [entry.case for entry in listed if entry.case is not None]
    standings = case_standings(
        store, {case.id: case.provenance.trace for case in cases}, {case.id: hash_case(case) for case in cases}
    )
    rungs = {entry.case_id: entry.standing.rung for entry in standings}
    return listed, {case: rung for case, rung in rungs.items() if rung is not Rung.NOT_RUN}


def _paths_of(store: Store, folder: Path) -> PathsReport | None:
    try:
        return workflow_paths(store, folder=folder)
    except UsageError:
        return None
