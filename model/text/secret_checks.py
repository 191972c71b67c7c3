"""Tests beyond a pattern: whether what was matched is a secret, a card, an account number, or only looks like one.

Each takes the matched text and returns the part that goes, None where nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .spellings import IS, SPACE

_ASSIGNMENT = re.compile(rf"^(.*?[A-Za-z]){IS}(.*)$", re.DOTALL)
_PORT = re.compile(r"[0-9]+(?:$|[/?#]|%(?:25)*(?:2[Ff]|3[Ff]|23))")
_SCHEME = re.compile(rf"([A-Za-z][A-Za-z0-9_-]{{1,20}}){SPACE}+")
_NO_SECRET_KEY = re.compile("page|next|cursor|sync|continuation|csrf|count|type|name|limit")
_STAND_IN = re.compile(
    r"^(?:none|null|nil|true|false|undefined|string|required|optional|redacted|hidden|secret|password|token|changeme"
    r"|example|your|my|the|test|dummy|placeholder|env|os|process|getenv|config|self|args|input|request|settings"
    r")(?:$|[^a-z0-9])",
    re.IGNORECASE,
)
_MASKED = re.compile(r"^[\W_xX0.…]*$|\*{3,}|\.{3}|…|^[$%{<\[]|x{6,}", re.IGNORECASE)
_FILE_ENDING = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|js|ts|py|json|css|html|md|txt|local|internal)$", re.IGNORECASE)
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI NL",
        19: "SI",
        20: "AT EE LT LU",
        21: "CH HR LI LV",
        22: "BG BH DE GB IE RS",
        23: "AE IL",
        24: "AD CZ ES RO SA SE SK",
        25: "PT",
        26: "IS TR",
        27: "FR GR IT MC SM",
        28: "CY HU PL",
        29: "BR UA",
        31: "MT",
    }.items()
    for country in countries.split()
}
"""Characters of an account number by country, as the IBAN registry lists them."""


def opaque(text: str) -> str | None:
    """A token: letters and digits mixed, as no word, path or dotted name is."""
    body = re.sub(r"[^A-Za-z0-9]", "", text)
    digits = sum(char.isdigit() for char in body)
    if digits < 2 or digits == len(body) or is_stand_in(text):
        return None
    return text


def secret(text: str) -> str | None:
    """The value of a field that is called a secret: one word that is no stand-in."""
    scheme, _, rest = text.partition(" ")
    if rest and scheme.lower() in ("bearer", "basic", "token") and " " not in rest:
        return text
    if len(text) < 4 or len(text) > 4_000 or any(char.isspace() for char in text) or is_stand_in(text):
        return None
    return text


def password(text: str) -> str | None:
    """What follows `password=`: not a stand-in, not a plain word of prose."""
    if is_stand_in(text):
        return None
    value = text.rstrip(".!?")
    is_word = value.isalpha() and (value.islower() or value.istitle())
    return value if len(value) >= 6 and not is_word else None


def assigned(text: str) -> str | None:
    """The value in `api_key: …`, where the name is not one of paging or counting."""
    match = _ASSIGNMENT.match(text)
    if match is None or _NO_SECRET_KEY.search(match[1].lower()):
        return None
    return opaque(match[2]) and match[2]


def url_secret(text: str) -> str | None:
    """A password in a URL: no port, no stand-in."""
    return None if _PORT.match(text) or is_stand_in(text) else text


def quoted(text: str) -> str | None:
    """What stands in quotes behind `password`: one word that is no stand-in and no word of prose."""
    return (
        text
        if len(text) >= 4 and not (text.isalpha() and (text.islower() or text.istitle())) and secret(text)
        else None
    )


def credentials(text: str) -> str | None:
    """What an `Authorization` header says, with or without a scheme before it."""
    scheme = _SCHEME.match(text)
    value = text[scheme.end() :] if scheme else text
    return value if opaque(value) or (scheme and scheme[1].lower() == "basic" and len(value) >= 8) else None


def is_stand_in(text: str) -> bool:
    """Whether a value only marks the place of a secret: `<your key>`, `${KEY}`, `None`, `****`."""
    return bool(_STAND_IN.match(text) or _MASKED.search(text))


def email(text: str) -> str | None:
    """An address, no `git@host` and no `image@2x.png`."""
    local, _, domain = text.partition("@")
    return None if local == "git" or _FILE_ENDING.search(domain) else text


def phone(text: str) -> str | None:
    """8 to 15 digits."""
    return text if 8 <= sum(char.isdigit() for char in text) <= 15 else None


def card(text: str) -> str | None:
    """A payment card: an issuer's prefix and length, and Luhn's check digit."""
    digits = re.sub(r"\D", "", text)
    return text if _issued(digits) and _luhn(digits) else None


def _issued(digits: str) -> bool:
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    return (
        (digits[0] == "4" and size in (13, 16, 19))
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589))
        or (size == 16 and (four == 6011 or two == 65 or 6440 <= four <= 6499))
        or (size == 15 and two in (34, 37))
        or (size == 14 and (two in (36, 38, 39) or 3000 <= four <= 3059))
        or (16 <= size <= 19 and two == 62)
    )


def _luhn(digits: str) -> bool:
    doubled = (int(char) * (1 + index % 2) for index, char in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def iban(text: str) -> str | None:
    """An account number of its country's length with a right check number; a word after it stays."""
    length = _IBAN_LENGTHS.get(text[:2])
    if length is None:
        return None
    seen = 0
    for end, char in enumerate(text, 1):
        seen += char != " "
        if seen == length:
            plain = text[:end].replace(" ", "")
            number = int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4]))
            return text[:end] if number % 97 == 1 and not text[end : end + 1].isalnum() else None
    return None


CHECKS: dict[str, Callable[[str], str | None]] = {
    check.__name__: check
    for check in (opaque, secret, password, quoted, credentials, assigned, url_secret, email, phone, card, iban)
}
