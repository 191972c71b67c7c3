"""Trace text as HTML: Markdown, tables and code are set, and nothing in it becomes a link, an image or markup.

The one place of the page that makes HTML out of text. Every character passes the render gate, then the escape; links,
images, entities and raw HTML stay the characters that were written.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from ..answers.plain.pieces import Setting
from ..model.text.display import safe_text

PROSE_LIMIT = 40_000
"""Characters that are set as Markdown; a longer text is shown as it stands, which costs next to nothing."""
_AS_WRITTEN = ("link", "image", "autolink", "html_inline", "html_block", "reference", "entity", "lheading")
_BLOCKS = ("p", "li", "blockquote", "td", "th")


def text_html(text: str, setting: Setting, find: str = "") -> Markup:
    """A text as HTML.

    Args:
        text: As recorded.
        setting: How it is to be set.
        find: Words to mark wherever they stand.
    """
    if setting is Setting.PROSE and len(text) <= PROSE_LIMIT:
        gated, rules = safe_text(text), _markdown()
        tokens = rules.parse(gated)
        if _holds_all(tokens, gated):
            return Markup(rules.renderer.render(tokens, rules.options, {"find": find}))
    kind = "prose" if setting is Setting.PROSE else setting.value
    return Markup(f'<div class="text {kind}" dir="auto">{_escaped(safe_text(text), find)}</div>')


def places_of(text: str, find: str) -> int:
    """How often the words stand in a text, whatever their case."""
    return text.casefold().count(find.casefold()) if find else 0


def _escaped(text: str, find: str) -> str:
    if not find:
        return html.escape(text)
    folded, wanted = text.lower(), find.lower()
    if len(folded) != len(text):  # a letter whose lower case is longer: the places would not fit
        folded, wanted = text, find
    parts, at = [], 0
    while (place := folded.find(wanted, at)) >= 0:
        parts += [html.escape(text[at:place]), f"<mark>{html.escape(text[place : place + len(wanted)])}</mark>"]
        at = place + len(wanted)
    return "".join(parts) + html.escape(text[at:])


class _Renderer(RendererHTML):
    """Escapes by the page's own rule, and names no language of a code block."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _escaped(tokens[idx].content, env.get("find", ""))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<code>{_escaped(tokens[idx].content, env.get('find', ''))}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<pre dir="auto"><code>{_escaped(tokens[idx].content, env.get("find", ""))}</code></pre>\n'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        said = tokens[idx].info.strip()
        name = f'<span class="note">{_escaped(said, "")}</span>' if said else ""
        return f"{name}{self.code_block(tokens, idx, options, env)}"


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    rules = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    rules.enable(["table", "strikethrough"]).disable(list(_AS_WRITTEN))
    rules.core.ruler.push("plain", _plain)
    return rules


def _holds_all(tokens: Sequence[Token], text: str) -> bool:
    """Whether no letter or digit is lost: Markdown drops cells beyond a table's head, and what is nested too deeply."""
    leaves = [leaf for token in tokens for leaf in (token.children if token.type == "inline" else [token]) or ()]
    shown = sum(_counted(leaf.content) + _counted(leaf.info) for leaf in leaves)
    return shown == _counted(text)


def _counted(text: str) -> int:
    return sum(map(str.isalnum, text))


def _plain(state: Any) -> None:
    """Headings of a text are none of the page's, numbers of a list stay, each block is read in its own direction."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            level = token.tag
            token.tag = "p"
            if token.nesting == 1:
                token.attrs = {"class": f"as-{level}"}
        if token.type == "list_item_open" and token.info:
            token.attrs["value"] = token.info
        if align := str(token.attrs.pop("style", "")):
            token.attrs["class"] = align.replace("text-align:", "to-")
        if token.nesting == 1 and token.tag in _BLOCKS:
            token.attrs["dir"] = "auto"
