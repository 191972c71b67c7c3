r"""How a character may stand in a text: itself, or as JSON, HTML, Python or an address write it, escaped again or not.

The patterns are read by `re` and by RE2, and kept small: RE2 keeps a machine of each rule in memory.
"""

from __future__ import annotations

import re

_NAMED = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "=": "equals", ":": "colon", "/": "sol", "?": "quest"}


def spelled(char: str) -> str:
    r"""A pattern for one ASCII character however it is spelled: `&`, `\&`, `%26`, `%2526`, `\u0026`, `&amp;` …"""
    code = ord(char)
    digits = "".join(f"[{digit}{digit.lower()}]" if digit.isalpha() else digit for digit in f"{code:02X}")
    return rf"(?:\\*{re.escape(char)}|\\+(?:u00|x){digits}|%(?:25)*{digits}|&(?:#{code}|#x{digits}|{_NAMED[char]});)"


_CODED = r"(?:\\+(?:u00[0-9A-Fa-f]{2}|x[0-9A-Fa-f]{2}|[nrt])|%(?:25)*[0-9A-Fa-f]{2}|\\*&(?:amp;)?[#0-9a-z]{2,5};)"
_COLOUR = r"(?:(?:\x1b|\\+(?:u001[bB]|x1[bB]|e|033))\[[0-9;:?]{0,9}[A-Za-z])"
_BETWEEN = rf"(?:\\*[\s\"'*`+]|{_CODED}|{_COLOUR}){{0,6}}"
_SIGN = r"(?:[=:：＝]|[=-]>|\\+(?:u00|x)3[ADad]|%(?:25)*3[ADad]|&#(?:58|61|x3[ADad]);)"
IS = f"{_BETWEEN}{_SIGN}{_BETWEEN}"
"""What stands between a name and its value, whatever it was quoted in."""
SPACE = r"(?:[\s+]|\\+[nrt]|\\+(?:u00|x)20|%(?:25)*20|&nbsp;)"
_QUOTE = r"""(?:\\|%(?:25)*5[Cc])*(?:["']|\\(?:u00|x)2[27]|%(?:25)*2[27]|&(?:quot|#34|#x22|#39|#x27);)"""
_COMMA = rf"{_QUOTE}(?:,|%(?:25)*2[Cc]){SPACE}?{_QUOTE}"
MACROS = {
    "{is}": IS,
    "{pair}": rf"(?:{IS}|{_COMMA}val(?:ue)?{IS}(?:[{{]{_QUOTE}stringValue{IS})?)",
    "{comma}": _COMMA,
    "{mark}": _QUOTE,
    "{space}": SPACE,
    "{eq}": spelled("="),
    "{colon}": spelled(":"),
    "{slash}": spelled("/"),
    "{lt}": spelled("<"),
    "{gt}": spelled(">"),
    "{param}": rf"(?:{spelled('?')}|{spelled('&')})",
    "{base64}": r"[A-Za-z0-9/+%\\]",
}
"""What a rule names instead of writing it out: `{pair}` is `{is}`, or what stands between the two where they are fields
of one object; `{comma}` between two texts of a list, `{mark}` a quotation mark; the others are one character."""
