"""Text that people and agents put into knowledge files: visible, inert, and free of what a viewer would follow."""

from __future__ import annotations

import re

from ..model.text.display import safe_text
from ..model.text.secrets import without_secrets

_URL = re.compile(r"(?i)\b(https?|ftp|file|data|javascript|vbscript)(:)(?=\S)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_HEADING = re.compile(r"(?m)^(\s*)(#|---|\.\.\.|===)")


def plain_text(text: str) -> str:
    """Text for the body of a knowledge file.

    Secrets become placeholders, hidden characters visible; addresses are defanged, markup of links, images and tags is
    taken apart, and no line starts a heading or a rule.

    >>> plain_text("see https://evil.example/x")
    'see hxxps[:]//evil.example/x'
    >>> plain_text("![x](y)")
    '! [x] (y)'
    """
    clean = safe_text(without_secrets(text.replace("\r\n", "\n").strip()))
    clean = _URL.sub(lambda found: f"{found[1].replace('tt', 'xx')}[:]", clean)
    clean = clean.replace("](", "] (").replace("![", "! [")
    return _HEADING.sub(r"\1\\\2", _TAG.sub("&lt;", clean))


def plain_line(text: str) -> str:
    """`plain_text` on one line, for titles and names."""
    return re.sub(r"\s+", " ", plain_text(text)).strip()
