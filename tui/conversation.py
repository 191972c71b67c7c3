"""The conversation of a run on the terminal: each turn as a block, its tones as styles."""

from __future__ import annotations

from textual.content import Content

from ..answers.plain.conversation import Speaker, Turn
from ..answers.plain.words import Tone, Words
from .gate import joined, lines, shown
from .values import bounded
from .widgets.block_view import Block

_HEADS = {Speaker.PERSON: "Person", Speaker.AGENT: "Agent", Speaker.ACT: "The agent acts", Speaker.ASIDE: "Setting"}
_STYLES = {
    Speaker.PERSON: "bold $primary",
    Speaker.AGENT: "bold $success",
    Speaker.ACT: "bold $accent",
    Speaker.ASIDE: "$quiet",
}
_TONES = {Tone.PLAIN: "", Tone.STRONG: "bold", Tone.QUIET: "$quiet", Tone.ERROR: "bold $error"}


def turn_block(turn: Turn, key: int, *, focus: bool) -> Block:
    """A turn as it stands in the conversation, to be marked by `key`; one to look at first says so."""
    head = shown(_HEADS[turn.speaker], _STYLES[turn.speaker])
    if focus:
        head = joined(shown("◆ look here ", "bold $warning"), head)
    head = joined(head, shown("  said before" if turn.earlier else f"  step {turn.step}", "$quiet"))
    return Block(lines(head, turn_content(turn)), key=key)


def turn_content(turn: Turn) -> Content:
    """What is said or done in a turn."""
    hint = [shown(" Enter on this turn shows them.", "$quiet")] if turn.instructions else []
    return joined(*map(_styled, turn.words), *hint)


def _styled(words: Words) -> Content:
    style = _TONES[words.tone]
    return shown(words.text, style) if words.limit is None else bounded(words.text, words.limit, style)
