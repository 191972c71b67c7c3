"""Two groups of runs side by side."""

from __future__ import annotations

import pytest
from conversations import Builder, answers, calls, says
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.store.contract import Store
from retrospan.tui.app import RetrospanApp
from retrospan.tui.plots import bar, interval_bar, levels, span_bar


def add_run(traces: Builder, version: str, task: int, *, passes: bool, emails: bool) -> None:
    policy = (calls("get_policy"), answers("Refunds within 30 days."))
    mail = (calls("send_email", "c2"), answers("sent", "c2")) if emails else ()
    words = "You have 30 days." if passes else "You have 45 days to return it."
    turns = (says("user", f"Can I return order {task}?"), *policy, *mail, says("assistant", words))
    traces.add(*turns, version=version, task=f"task {task}", outcome="pass" if passes else "fail")


@pytest.fixture
def app(store: Store, traces: Builder) -> RetrospanApp:
    """Of 12 tasks version 2 breaks eight; it sends an email each time."""
    for task in range(12):
        for _ in range(2):
            add_run(traces, "v1", task, passes=task != 0, emails=False)
            add_run(traces, "v2", task, passes=task in (0, 9, 10, 11), emails=True)
    return RetrospanApp(store)


@pytest.mark.parametrize(("name", "size"), [("compare", (110, 32)), ("compare-narrow", (80, 24))])
def test_two_versions_are_compared_by_three_keys(app: RetrospanApp, name: str, size: tuple[int, int]) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("d")
        assert "Versions here: v1, v2." in hands.text
        await hands.press("enter")
        if size[1] < 30:
            await hands.press("G")
        assert "24 runs against 24 runs" in hands.text and "├" in hands.text and "┊" in hands.text
        assert "≠ send email" in hands.text
        assert_looks_as_before(hands, name)

    at_keyboard(app, walk, size=size)


def test_enter_on_a_change_shows_its_runs(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("d", "enter")
        while not any(line.startswith("│▸ ≠ send email") for line in hands.lines):
            await hands.press("j")
        await hands.press("enter")
        assert hands.place == "ExplorerScreen" and 'version:"v2" tool:"send_email"' in hands.text
        assert "24 runs" in hands.text

    at_keyboard(app, walk)


def test_task_that_broke_is_named(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("d", "enter")
        assert "broke" in hands.text and "task 1" in hands.text

    at_keyboard(app, walk)


def test_line_that_finds_nothing_says_what_is_known(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("d")
        await hands.type("9")
        await hands.press("enter")
        assert "No run matches" in hands.text and "versions: v1, v2" in hands.text
        await hands.press("escape", "h")
        assert hands.place == "HomeScreen"

    at_keyboard(app, walk)


def test_empty_store_says_what_a_group_is(store: Store) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("d")
        assert "No run names its version." in hands.text
        assert_looks_as_before(hands, "compare-empty")
        await hands.press("enter")
        assert hands.place == "CompareScreen"

    at_keyboard(RetrospanApp(store), walk, size=(80, 24))


@pytest.mark.parametrize("width", [0, 1, 2, 3, 10, 77])
@pytest.mark.parametrize("at", [-2.0, -0.3, 0.0, 0.001, 0.5, 1.0, 7.0])
def test_plots_fill_their_width_whatever_they_show(width: int, at: float) -> None:
    plots = (
        bar(at, width),
        span_bar(at, at + 0.2, width),
        interval_bar(at - 0.2, at, at + 0.2, (-1.0, 1.0), width, ""),
        levels([at, 0.0, 2.0] * 30, width),
    )
    assert [plot.cell_length for plot in plots] == [width] * 4
