"""Host names and tokens as they stand in headers."""

from __future__ import annotations

import base64

import pytest
from retrospan.ingest.otlp.guard import host_name, token_of
from starlette.datastructures import Headers


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:4318", "127.0.0.1"),
        ("LocalHost", "localhost"),
        ("[::1]:4318", "::1"),
        ("evil.example@127.0.0.1", ""),
        ("127.0.0.1/evil.example", ""),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_host_header(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic " + base64.b64encode(b"pk-lf-1:abc").decode(), "abc"),
        ("Basic not-base64!", ""),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), ""),
        ("Digest abc", ""),
        ("", ""),
    ],
)
def test_the_token_of_an_authorization_header(header: str, token: str) -> None:
    assert token_of(Headers({"authorization": header})) == token
