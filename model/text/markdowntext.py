"""Text of others in Markdown: a cell or a line that is shown as it is, links and markup and all."""

from __future__ import annotations

import re

from .display import safe_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~@&])")


def markdown_line(text: str, limit: int = 200) -> str:
    r"""One line of Markdown in which nothing of the text is markup, a mention or HTML.

    >>> markdown_line("<b>*x*</b> | @team\n")
    '\\<b\\>\\*x\\*\\</b\\> \\| \\@team'
    """
    return _SPECIAL.sub(r"\\\1", safe_line(text, limit).strip()).replace("://", ":&#8203;//")
