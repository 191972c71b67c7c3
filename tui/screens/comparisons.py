"""Comparisons of two versions by `retrospan verify`: the list, and one of them with plan, progress and its cases."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ...model.experiments import Experiment, ExperimentState
from ...regression.verifying.standing_now import CaseNow, ComparisonNow, comparison_now, comparisons
from ..gate import cell, counted, joined, lines, shown
from ..plots import bar
from ..widgets.row_list import RowList
from .base import Newsreel

_STYLES = {
    "holds": "$verdict-pass",
    "blocked": "$verdict-fail",
    "broken": "$verdict-fail",
    "fixed": "$verdict-pass",
    "improved": "$verdict-pass",
    "flaky": "$warning",
    "too few runs": "$warning",
    "not enough evidence": "$warning",
    "running": "bold $accent",
    "confirming": "bold $accent",
}
_NONE = "No comparison yet. retrospan verify BASE CANDIDATE --plan shows what one would take."


class ComparisonsScreen(Newsreel):
    """One row a comparison, newest first."""

    guide = (
        "Every retrospan verify of this store: which versions were compared, and what came of it. Enter opens one: its "
        "plan, how far it is, and what became of each case. A comparison that was ended goes on with "
        "retrospan verify --resume."
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: Sequence[Experiment] = ()

    def body(self) -> ComposeResult:
        yield RowList(self._row, id="comparisons", classes="framed")

    def on_mount(self) -> None:
        self.set_title("Cases", "Comparisons")
        self.query_one("#comparisons").focus()
        self.watch_for_news()
        self.news()

    def news(self) -> None:
        self.in_background(lambda: comparisons(self.store), self._listed)

    def _listed(self, found: Sequence[Experiment]) -> None:
        self.found = found
        rows = self.query_one("#comparisons", RowList)
        rows.border_title = shown(counted(len(found), "comparison") if found else _NONE)
        rows.fill(len(found), rows.cursor)

    def _row(self, index: int, width: int) -> Content:
        return experiment_row(self.found[index], width) if index < len(self.found) else Content("")

    @on(RowList.Chosen, "#comparisons")
    def _open(self, event: RowList.Chosen) -> None:
        self.app.push_screen(ComparisonScreen(self.found[event.index].id))


class ComparisonScreen(Newsreel):
    """Plan and progress above, one row a case below."""

    guide = (
        "Two versions of the application on the same cases. The bar is how many cases have all the runs they need; "
        "below stand the cases, what broke first, with passes and runs of the base and of the candidate. Enter lays a "
        "run of each side by side."
    )

    def __init__(self, experiment_id: int) -> None:
        super().__init__()
        self.experiment_id = experiment_id
        self.now: ComparisonNow | None = None

    def body(self) -> ComposeResult:
        yield Static(shown("Reading …", "$quiet"), id="plan", classes="note")
        yield RowList(self._row, id="compared", classes="framed")

    def on_mount(self) -> None:
        self.set_title("Cases", "Comparisons", f"E{self.experiment_id}")
        self.query_one("#compared").focus()
        self.watch_for_news()
        self.news()

    def news(self) -> None:
        self.in_background(lambda: comparison_now(self.store, self.experiment_id), self._read)

    def on_resize(self) -> None:
        self._show_plan()

    def _read(self, now: ComparisonNow) -> None:
        self.now = now
        rows = self.query_one("#compared", RowList)
        rows.border_title = shown(f"{counted(len(now.cases), 'case')} · Enter lays two runs side by side")
        rows.fill(len(now.cases), rows.cursor)
        self._show_plan()

    def _show_plan(self) -> None:
        if self.now is not None:
            self.query_one("#plan", Static).update(plan_content(self.now, max(self.size.width - 2, 40)))

    def _row(self, index: int, width: int) -> Content:
        found = self.now.cases if self.now is not None else ()
        return case_now_row(found[index], width) if index < len(found) else Content("")

    @on(RowList.Chosen, "#compared")
    def _diff(self, event: RowList.Chosen) -> None:
        if self.now is None:
            return
        runs = self.now.cases[event.index].runs
        if runs is None:
            self.tell("No run of this case left a trace on both sides.")
            return
        from .diff import DiffScreen

        self.app.push_screen(DiffScreen(*runs))


def experiment_row(experiment: Experiment, width: int) -> Content:
    """Id, what came of it, the two versions, when it was planned."""
    says = experiment.verdict or experiment.state.value
    return joined(
        cell(experiment.short_id, 7, "bold $accent"),
        cell(says, 22, _STYLES.get(says, "$quiet")),
        cell(f"{experiment.base} → {experiment.candidate}", max(width - 46, 8)),
        cell(f" {experiment.created_at[:16].replace('T', ' ')}", 17, "$quiet"),
    )


def plan_content(now: ComparisonNow, width: int) -> Content:
    """What was planned and how far it is; once it has ended, what came of it and why."""
    experiment = now.experiment
    head = f"{experiment.base} against {experiment.candidate}"
    parts = [shown(head, "bold")]
    if now.plan is not None:
        parts.append(shown(f"plan {experiment.plan_hash}: {now.plan.most_runs:,} runs at most", "$quiet"))
    if experiment.state is ExperimentState.DONE:
        verdict = experiment.verdict or "done"
        said = shown(f"{verdict}: ", f"bold {_STYLES.get(verdict, '$quiet')}")
        parts.append(joined(said, shown(now.because), shown(f" {counted(now.made, 'run')}", "$quiet")))
        return lines(*parts)
    words = f" {now.ended:,} of {counted(len(now.cases), 'case')}, {counted(now.made, 'run')} made"
    room = max(min(width - len(words), 40), 4)
    share = now.ended / max(len(now.cases), 1)
    parts.append(joined(bar(share, room, "$primary"), shown(words)))
    return lines(*parts)


def case_now_row(entry: CaseNow, width: int) -> Content:
    """Verdict or stage, the case, passes of runs on both sides, why."""
    tally = entry.tally
    planned = f" of {entry.pairs}" if entry.pairs and entry.says in ("waiting", "running") else ""
    counts = f"{tally.base_passed}/{tally.base_runs} → {tally.candidate_passed}/{tally.candidate_runs}{planned}"
    name = min(max((width - 34) // 2, 12), 40)
    return joined(
        cell(entry.says, 14, _STYLES.get(entry.says, "$quiet")),
        cell(entry.case, name),
        cell(f" {counts}", 20),
        cell(entry.because, max(width - name - 34, 0), "$quiet"),
    )
