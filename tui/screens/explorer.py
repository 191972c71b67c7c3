"""Search runs by one line and open one."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from ...model.errors import QueryError, RetrospanError
from ...model.query import parse_query
from ...services.finding.listing import Listing
from ...services.finding.searching import facets_of
from ...store.search.lines import count_traces
from ..gate import counted, joined, lines, shown
from ..preferences import MOST_SEARCHES, load_preferences, save_preferences
from ..runs import PAGE, Runs, run_header, run_row
from ..widgets.row_list import RowList
from ..widgets.search_line import ORDERS, Facets, LineSuggester, narrowed, quoted
from .ask import Choice, ChooseScreen
from .base import MainScreen


class ExplorerScreen(MainScreen):
    """The query line above, the runs it finds below."""

    guide = (
        'Find runs by words, "phrases" and filters such as tool:issue_refund, status:error, outcome:fail, '
        "signal:loop, since:7d; a minus in front excludes; → takes what is offered in grey. Enter on a run opens it. "
        "f narrows by what the runs have, o puts them in another order, s keeps a search, S opens kept ones."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("f", "narrow", "Narrow"),
        Binding("o", "order", "Order", show=False),
        Binding("s", "keep", "Keep", show=False),
        Binding("S", "kept", "Kept", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.runs: Runs | None = None
        self.order = ""
        self.facets: Facets = {}
        """What the runs found hold, by field; counted in the background."""
        self._reading: int | None = None

    def body(self) -> ComposeResult:
        yield Input(
            placeholder='words, "phrases", tool:… status:error outcome:fail since:7d -signal:…',
            id="query",
            suggester=LineSuggester(lambda: self.facets),
        )
        yield Static(Content(""), id="query-trouble")
        yield Static(Content(""), id="columns")
        yield RowList(self._row, id="run-list")
        yield Static(Content(""), id="found", classes="note")

    def on_mount(self) -> None:
        self.set_title("Traces")
        self.query_one("#run-list").focus()
        self.search(self.desk.query_line)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#columns", Static).update(run_header(event.size.width - 4))

    def on_screen_resume(self) -> None:
        wanted = self.desk.query_line
        if self.runs is not None and wanted != self.runs.line:
            self.search(wanted)

    def search(self, line: str) -> None:
        """Show what a search line finds."""
        self.desk.query_line = line
        self.query_one("#query", Input).value = line
        runs = Runs(self.store, line, order=self.order)
        self.in_background(lambda: runs.read(0), lambda listing: self._found(runs, listing), group="search")

    def _found(self, runs: Runs, listing: Listing) -> None:
        runs.keep(0, listing)
        self.runs = runs
        self.query_one("#query-trouble").remove_class("-shown")
        self.query_one("#run-list", RowList).fill(runs.total)
        if listing.traces:
            order = f" · {runs.order} first" if runs.order else ""
            words = shown(f"{counted(runs.total, 'run')}{order} · / searches · Enter opens", "$quiet")
            self.in_background(lambda: facets_of(self.store, runs.line), self._counted_facets, group="facets")
        else:
            words = lines(shown("Nothing found.", "bold"), *(shown(why) for why in listing.why_empty))
        self.query_one("#found", Static).update(words)
        if listing.traces and self.query_one("#query").has_focus:
            self.query_one("#run-list").focus()

    def _counted_facets(self, facets: Facets) -> None:
        self.facets = facets

    def failed(self, err: RetrospanError) -> None:
        if isinstance(err, QueryError):
            self._point_at(err)
        else:
            super().failed(err)

    def _point_at(self, err: QueryError) -> None:
        line = self.desk.query_line
        start, end = err.position, err.position + len(err.word)
        marked = joined(
            shown(line[:start], "$quiet"), shown(line[start:end], "bold underline $error"), shown(line[end:], "$quiet")
        )
        trouble = self.query_one("#query-trouble", Static)
        trouble.update(lines(marked, shown(" " * len(shown(line[:start]).plain) + "^ " + str(err))))
        trouble.add_class("-shown")
        query = self.query_one("#query", Input)
        query.focus()
        query.cursor_position = min(end, len(query.value))

    def _row(self, index: int, width: int) -> Content:
        if self.runs is None:
            return Content("")
        page = self.runs.missing_page(index)
        if page is not None and page != self._reading:
            self._read(self.runs, page)
        return run_row(self.runs.get(index), width)

    def _read(self, runs: Runs, page: int) -> None:
        self._reading = page

        def keep(listing: Listing) -> None:
            self._reading = None
            runs.keep(page, listing)
            self.query_one("#run-list").refresh()

        self.in_background(lambda: runs.read(page), keep, group="page")

    @on(Input.Submitted, "#query")
    def _submitted(self, event: Input.Submitted) -> None:
        self.search(event.value.strip())

    @on(RowList.Chosen, "#run-list")
    def _chosen(self, event: RowList.Chosen) -> None:
        run = self.runs.get(event.index) if self.runs else None
        if run is not None and self.runs is not None:
            near = range(max(event.index - PAGE, 0), event.index + PAGE)
            self.desk.run_ids = [other.id for place in near if (other := self.runs.get(place)) is not None]
            self.desk.open_trace(run.id)

    def action_search(self) -> None:
        self.query_one("#query").focus()

    def action_narrow(self) -> None:
        choices = [
            Choice(f"{field}:{quoted(value)}", counted(amount, "run"))
            for field, values in self.facets.items()
            for value, amount in values
        ]
        if not choices:
            self.tell("Nothing to narrow by: the runs found have no such facts.")
            return
        self.app.push_screen(ChooseScreen("Show only runs with", choices), self._narrow)

    def _narrow(self, part: str | None) -> None:
        if part is not None:
            self.search(narrowed(self.desk.query_line, part))

    def action_order(self) -> None:
        """The search's own order, then each of the others."""
        orders = ["", *ORDERS]
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self.search(self.desk.query_line)

    def action_keep(self) -> None:
        line = self.desk.query_line
        if not line:
            self.tell("There is no search line to keep; / writes one.")
            return
        known = load_preferences()
        others = tuple(kept for kept in known.searches if kept != line)
        self.attempt(lambda: save_preferences(replace(known, searches=(line, *others)[:MOST_SEARCHES])))
        self.tell(f"Kept: {line}. S shows the kept ones.")

    def action_kept(self) -> None:
        choices = [Choice(line) for line in load_preferences().searches]
        if not choices:
            self.tell("No search is kept yet; s keeps the one that is shown.")
            return
        self.app.push_screen(ChooseScreen("Kept searches", choices), self._kept)

    def _kept(self, line: str | None) -> None:
        if line is not None:
            self.search(line)

    def action_back(self) -> None:
        self.query_one("#run-list").focus()

    def news(self) -> None:
        """Rows stay where they are while one reads; the line below tells of new runs."""
        line, runs = self.desk.query_line, self.runs
        if runs is not None:
            self.in_background(lambda: count_traces(self.store, parse_query(line)), self._counted, group="news")

    def _counted(self, total: int) -> None:
        more = total - self.runs.total if self.runs else 0
        if more > 0:
            words = joined(
                shown(f"{counted(more, 'new run')} · ", "$quiet"), shown("R", "bold $accent"), shown(" shows them")
            )
            self.query_one("#found", Static).update(words)

    def action_reload(self) -> None:
        self.search(self.desk.query_line)
