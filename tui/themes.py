"""Colours by meaning. Every mark also has a sign of its own, so that the app reads without colour."""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

THEMES = (
    Theme(
        name="retrospan",
        primary="#6ea8fe",
        secondary="#8f9bb3",
        accent="#7dd3c0",
        success="#8fce7a",
        warning="#e8b75a",
        error="#f2777a",
        foreground="#d7dce5",
        background="#14171d",
        surface="#14171d",
        panel="#1e232c",
        dark=True,
    ),
    Theme(
        name="daylight",
        primary="#1d4f91",
        secondary="#5a6472",
        accent="#0b6b5c",
        success="#2c6e1f",
        warning="#8a5a00",
        error="#b3261e",
        foreground="#1b1f27",
        background="#fbfbf9",
        surface="#fbfbf9",
        panel="#e9ebee",
        dark=False,
    ),
    Theme(
        name="contrast",
        primary="#00ffff",
        secondary="#ffffff",
        accent="#ffff00",
        success="#00ff00",
        warning="#ffff00",
        error="#ff8080",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        dark=True,
        variables={"quiet": "#ffffff"},
    ),
)


THEME_WORDS = {
    "retrospan": "Dark",
    "daylight": "Light",
    "contrast": "High contrast, for low vision and bright rooms",
}


def meaning_colours(variables: dict[str, str]) -> dict[str, str]:
    """Add the colours that the style sheet and the rows name by what they mean."""
    quiet = Color.parse(variables["background"]).blend(Color.parse(variables["foreground"]), 0.62)
    return {
        "quiet": quiet.hex,
        **variables,
        "verdict-pass": variables["success"],
        "verdict-fail": variables["error"],
        "verdict-cant-tell": variables["warning"],
    }
