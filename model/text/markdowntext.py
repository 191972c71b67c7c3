"""Text of others in Markdown: a cell or a line that is shown as it is, links and markup and all."""

from __future__ import annotations

import re

from .display import safe_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Forges look for names and addresses in what is rendered, so a break that nobody sees stands in them.
_BREAKS = {"@": "@&#8203;", "://": ":&#8203;//"}


def markdown_line(text: str, limit: int = 200) -> str:
    r"""One line of Markdown in which nothing of the text is markup, a mention, an address or HTML.

    >>> markdown_line("<b>*x*</b> | @team")
    '&lt;b&gt;\\*x\\*&lt;/b&gt; \\| @&#8203;team'
    """
    shown = safe_line(text, limit).strip()
    for table in (_ENTITIES, _BREAKS):
        if table is _BREAKS:
            shown = _SPECIAL.sub(r"\\\1", shown)
        for written, safe in table.items():
            shown = shown.replace(written, safe)
    return shown
