"""The runs that a search line finds, read a page at a time as a list scrolls over them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from textual.content import Content

from ..answers.json.values import iso_time
from ..model.errors import UsageError
from ..model.traces import Outcome, Status, TraceSummary
from ..services.finding.listing import Listing, list_traces
from ..store.contract import Store
from .gate import cell, joined, shown
from .step_text import duration_text
from .widgets.search_line import ORDERS

PAGE = 200
_MOST_PAGES = 30
MOST_SORTED = 2_000
_WIDE = 130
"""Cells from which a row has room for project, version, steps, duration and tokens."""
_FACTS = 52
_OUTCOMES = {Outcome.PASS: ("✓ pass", "$verdict-pass"), Outcome.FAIL: ("✗ fail", "bold $verdict-fail")}


@dataclass
class Runs:
    """Pages of one search; pages far from where one reads are forgotten."""

    store: Store
    line: str = ""
    total: int = 0
    why_empty: tuple[str, ...] = ()
    order: str = ""
    """One of `ORDERS`; empty for the search's own, best or newest first."""
    _pages: dict[int, tuple[TraceSummary, ...]] = field(default_factory=dict)

    def get(self, index: int) -> TraceSummary | None:
        """The run at this place; None while its page is not read."""
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and place < len(page) else None

    def missing_page(self, index: int) -> int | None:
        """The page to read before the run at this place can be shown."""
        return None if index // PAGE in self._pages else index // PAGE

    def read(self, page: int) -> Listing:
        """Ask the store; may be called in a thread.

        Raises:
            QueryError: if the line cannot be read; points at the word.
            UsageError: if more are found than can be put in another order.
        """
        if not self.order:
            return list_traces(self.store, self.line, limit=PAGE, offset=page * PAGE)
        found = list_traces(self.store, self.line, limit=MOST_SORTED)
        if found.total > MOST_SORTED:
            raise UsageError(
                f"{found.total:,} runs are too many to put in another order; up to {MOST_SORTED:,} can be. "
                "Narrow the search first: f shows by what."
            )
        ordered = sorted(found.traces, key=ORDERS[self.order], reverse=True)
        return replace(found, traces=tuple(ordered[page * PAGE : (page + 1) * PAGE]))

    def keep(self, page: int, listing: Listing) -> None:
        """Take a page over."""
        if len(self._pages) >= _MOST_PAGES:
            del self._pages[max(self._pages, key=lambda other: abs(other - page))]
        self._pages[page] = listing.traces
        self.total = listing.total
        self.why_empty = listing.why_empty


def run_header(width: int) -> Content:
    """The line above the runs."""
    left, middle, right = _widths(width)
    head = cell("id", 8) if not left else joined(cell("id", 8), cell("when (UTC)", left))
    facts = _facts("project", "version", "steps", "time", "tokens") if width >= _WIDE else Content("")
    asked = cell("asked", middle)
    return joined(cell("", 2), head, cell("outcome", 9), asked, Content(" "), facts, cell("signals", right))


def run_row(run: TraceSummary | None, width: int) -> Content:
    """One run: id, time, outcome, what was asked, its signals."""
    if run is None:
        return shown("  …", "$quiet")
    left, middle, right = _widths(width)
    words, style = _OUTCOMES.get(run.outcome, ("! error", "$verdict-fail") if run.status is Status.ERROR else ("–", ""))
    if run.verdict:
        words += " ✍"
    when = (iso_time(run.started_at_ns) or "")[:16].replace("T", " ")
    return joined(
        cell(run.short_id, 8, "bold"),
        cell(when, left, "$quiet") if left else Content(""),
        cell(words, 9, style),
        cell(run.input or run.task or run.external_id, middle),
        Content(" "),
        _facts_of(run) if width >= _WIDE else Content(""),
        cell(", ".join(name.replace("_", " ") for name in run.signals), right, "$warning"),
    )


def _facts_of(run: TraceSummary) -> Content:
    tokens = run.usage.input_tokens + run.usage.output_tokens
    told = f"{tokens:,}" if tokens else ""
    return _facts(run.project, run.version or "", f"{run.step_count:,}", duration_text(run.duration_ms), told)


def _facts(project: str, version: str, steps: str, time: str, tokens: str) -> Content:
    numbers = Content(" ").join([shown(text.rjust(width)) for text, width in ((steps, 6), (time, 8), (tokens, 9))])
    return joined(cell(project, 13, "$quiet"), cell(version, 11, "$quiet"), numbers, Content("  "))


def _widths(width: int) -> tuple[int, int, int]:
    left = 17 if width >= 90 else 0
    rest = max(width - 2 - 8 - 9 - left - 1 - (_FACTS if width >= _WIDE else 0), 20)
    right = rest * 2 // 5
    return left, rest - right, right
