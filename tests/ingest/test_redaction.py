"""Secrets and personal data go before anything is written; look-alikes stay.

Every secret here is made up and put together at run time, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import random
import re
import string
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_type_hints
from urllib.parse import quote, urlencode

import pytest
from retrospan.ingest.formats.bounds import within_limits
from retrospan.ingest.formats.records import Source
from retrospan.ingest.redaction import PlaceholderNumbers, redact_batch
from retrospan.model.errors import UsageError
from retrospan.model.text.jsontext import as_text
from retrospan.model.text.secrets import PERSONAL, RuleSet, json_without_secrets, load_rules
from retrospan.model.traces import (
    Annotation,
    Document,
    JsonValue,
    Message,
    Span,
    SpanBatch,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
)
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch

KEY = b"only-for-these-tests"
_RANDOM = random.Random(7)
HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits


def chars(count: int, alphabet: str = ALNUM) -> str:
    body = "".join(_RANDOM.choice(alphabet) for _ in range(count - 4))
    return body + "a7b9"[: count - len(body)] if alphabet != UPPER else body + "A7B9"


def b64(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def pem() -> str:
    body = "\n".join(chars(64) for _ in range(4))
    return "-----BEGIN RSA " + f"PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}\n-----END RSA " + "PRIVATE KEY-----"


def jwt() -> str:
    return ".".join((b64('{"alg":"HS256"}'), b64('{"sub":"nobody"}'), chars(43)))


UUID = "3f2c8a1e-5b7d-4c1a-9e2f-1a2b3c4d5e6f"
POSITIVES: dict[str, list[tuple[str, str]]] = {
    "private-key": [(secret := pem(), secret), (cut := pem()[:150], cut)],
    "jwt": [(secret := jwt(), f"cookie session {secret};")],
    "aws-access-key": [(secret := "AKIA" + chars(16, UPPER), f"id={secret}"), (s2 := "ASIA" + chars(16, UPPER), s2)],
    "aws-secret-key": [(secret := chars(40), f"aws_secret_access_key = {secret}")],
    "github-token": [(secret := "ghp_" + chars(36), f"git clone https://{secret}@github.com/a/b"),
                     (s2 := "github_pat_" + chars(60), s2)],
    "gitlab-token": [(secret := "glpat-" + chars(20), f"PRIVATE-TOKEN: {secret}")],
    "slack-token": [(secret := "xoxb-" + "1234567890-" + chars(24), f"use {secret}.")],
    "slack-webhook": [(secret := f"T{chars(9, UPPER)}/B{chars(9, UPPER)}/{chars(24)}",
                       f"https://hooks.slack.com/services/{secret}")],
    "anthropic-key": [(secret := "sk-ant-" + "api03-" + chars(60), f"key {secret}\n")],
    "openrouter-key": [(secret := "sk-or-v1-" + chars(64, HEX), secret)],
    "langfuse-key": [(secret := "sk-lf-" + UUID, f"LF {secret}")],
    "openai-key": [(secret := "sk-" + "proj-" + chars(48), f'"{secret}"'), (s2 := "sk-" + chars(48), s2)],
    "google-api-key": [(secret := "AIza" + chars(35), f"?q=1 {secret}")],
    "google-oauth": [(secret := "ya29." + chars(60), secret)],
    "azure-storage-key": [(secret := chars(86) + "==", f"AccountName=x;AccountKey={secret};")],
    "azure-signature": [(secret := chars(43) + "%3D", f"https://x.blob/y?sv=1&sig={secret}")],
    "stripe-key": [(secret := "sk_live_" + chars(24), secret), (s2 := "whsec_" + chars(32), s2)],
    "sendgrid-key": [(secret := f"SG.{chars(22)}.{chars(43)}", secret)],
    "twilio-key": [(secret := "SK" + chars(32, HEX), f"twilio {secret}")],
    "mailgun-key": [(secret := "key-" + chars(32, HEX), secret)],
    "huggingface-token": [(secret := "hf_" + chars(34), secret)],
    "groq-key": [(secret := "gsk_" + chars(52), secret)],
    "xai-key": [(secret := "xai-" + chars(80), secret)],
    "perplexity-key": [(secret := "pplx-" + chars(48), secret)],
    "replicate-token": [(secret := "r8_" + chars(37), secret)],
    "langsmith-key": [(secret := f"lsv2_pt_{chars(32, HEX)}_{chars(10, HEX)}", secret)],
    "pinecone-key": [(secret := "pcsk_" + chars(60), secret)],
    "tavily-key": [(secret := "tvly-" + chars(32), secret)],
    "databricks-token": [(secret := "dapi" + chars(32, HEX), secret)],
    "digitalocean-token": [(secret := "dop_v1_" + chars(64, HEX), secret)],
    "npm-token": [(secret := "npm_" + chars(36), secret)],
    "pypi-token": [(secret := "pypi-AgE" + chars(80), secret)],
    "vault-token": [(secret := "hvs." + chars(24), secret)],
    "shopify-token": [(secret := "shpat_" + chars(32, HEX), secret)],
    "linear-key": [(secret := "lin_api_" + chars(40), secret)],
    "notion-token": [(secret := "ntn_" + chars(46), secret)],
    "atlassian-token": [(secret := "ATATT3" + chars(80), secret)],
    "grafana-token": [(secret := f"glsa_{chars(32)}_{chars(8, HEX)}", secret)],
    "newrelic-key": [(secret := "NRAK-" + chars(27, UPPER), secret)],
    "postman-key": [(secret := f"PMAK-{chars(24, HEX)}-{chars(34, HEX)}", secret)],
    "telegram-token": [(secret := f"{1234567890}:AA{chars(33)}", f"bot {secret}")],
    "authorization": [(secret := chars(32), f"Authorization: Bearer {secret}")],
    "authorization-header": [(secret := base64.b64encode(b"joe:hunter22").decode(),
                              f'"Authorization": "Basic {secret}"'),
                             (s2 := chars(20), f"Authorization: Token {s2}"),
                             (s3 := chars(20), f'["Authorization", "{s3}"]'),
                             (s4 := chars(20), f'{{"name": "Authorization", "value": "Basic {s4}"}}')],
    "cookie-header": [(secret := f"sid={chars(20)}", f"Cookie: {secret}")],
    "url-password": [(secret := "p%40ss" + chars(8), f"postgres://app:{secret}@db.example:5432/x"),
                     (s2 := "hunter22", f"redis://:{s2}@cache/0")],
    "url-password-in-url": [(secret := "hunter22", f"?to=redis%3A%2F%2Fapp%3A{secret}%40cache%2F0")],
    "url-token": [(secret := chars(32), f"GET /v1/x?access_token={secret}&y=1")],
    "password": [(secret := "Tr0ub4dor&3"[:9], f"password: {secret}"), (s2 := "hunter2", f"DB_PASSWORD={s2}"),
                 (s3 := "S3cret!x", f"{{\\\"password\\\": {s3}}}")],
    "password-in-quotes": [(secret := "a&b19c,c;d2", f'{{"password": "{secret}"}}'), (s2 := "x<y>z9", f"pwd='{s2}'"),
                           (s3 := "qr77x{1}&9", '{"name": "DB_PASSWORD", "value": "' + s3 + '"}')],
    "password-tag": [(secret := "hunter2x", f"<password>{secret}</password>"),
                     (s2 := chars(12), f"<ns:api_key>{s2}</ns:api_key>")],
    "password-option": [(secret := "hunter2x", f"mysql --password {secret} shop"),
                        (s2 := "hunter2x", f'["--db-password", "{s2}"]')],
    "secret-option": [(secret := chars(20), f"deploy --token {secret} --force")],
    "login-option": [(secret := "hunter2x", f"curl -s -u joe:{secret} https://a.example"),
                     (s2 := "hunter2x", f"sshpass -p '{s2}' ssh a")],
    "assignment": [(secret := chars(32), f"API_KEY={secret}"), (s2 := chars(24), f'client_secret: "{s2}"'),
                   (s3 := chars(20), f"--token={s3}")],
    "email": [("joe.bloggs@example.com", "Mail joe.bloggs@example.com, please"), (s2 := "a+b@mail.co.uk", f"<{s2}>")],
    "iban": [("DE89370400440532013000", "IBAN DE89370400440532013000"),
             ("GB82 WEST 1234 5698 7654 32", "to GB82 WEST 1234 5698 7654 32 TODAY")],
    "card": [("4111 1111 1111 1111", "card 4111 1111 1111 1111"), ("378282246310005", "amex 378282246310005."),
             ("5555-5555-5555-4444", "5555-5555-5555-4444")],
    "phone": [("+49 30 901820", "call +49 30 901820"), ("+1 (415) 555-0132", "+1 (415) 555-0132")],
    "phone-national": [("(415) 555-0132", "at (415) 555-0132"), ("415-555-0132", "415-555-0132 ok")],
    "phone-labelled": [("020 7946 0958", "Phone: 020 7946 0958")],
}  # fmt: skip
NEGATIVES = [
    hashlib.sha1(b"x").hexdigest(),
    f"commit {hashlib.sha1(b'y').hexdigest()} fixed it",
    hashlib.sha256(b"x").hexdigest(),
    UUID,
    f"trace {chars(32, HEX)} span {chars(16, HEX)}",
    "order #4312-2291, ticket T-20260411-0001, SKU-88213-XL",
    "order 9821345677120034 shipped",
    "2026-11-22T07:16:41.751Z took 1732270601751 ms, id 1732270601751000123",
    "2026-11-22 07:16:41+00:00 and 12.11.2026",
    "data:image/png;base64," + base64.b64encode(_RANDOM.randbytes(600)).decode(),
    base64.b64encode(_RANDOM.randbytes(3000)).decode(),
    "max_tokens: 4096, input_tokens=1200, token_count: 77, tokenizer: cl100k_base",
    "next_page_token: CAUQAA9938xxaa1, pageToken=EAAaBgoEUFQ6",
    "password: required, minimum 8 characters. Enter your password.",
    "password = os.environ['DB_PASSWORD']; api_key=${API_KEY}; token: <your-token>; secret=****",
    'api_key = "YOUR_API_KEY"; OPENAI_API_KEY=sk-...; token: str; secret: bool',
    "sk-learn-something-with-a-very-long-name and task-management-system-overview",
    "http://localhost:8080/a@b and https://example.com:443/x?key=value&page=2",
    "git@github.com:acme/shop.git icon@2x.png @types/node@20.1.0",
    "192.168.100.200, version 10.20.3000.4, ratio 0.4111111111111111",
    "The bearer of this letter authorizes nothing. Basic training starts Monday.",
    "AKIA is a prefix; ghp_ too; eyJ begins a token.",
    "GB82 WEST 1234 5698 7654 33 is mistyped and 4111 1111 1111 1112 too",
    "the secret: patience; the key: practice; access key: see wiki",
    "LOT AB12 CDEF GHIJ KLMN",
    "unicode-range:U+0102-0103,U+0110-0111,U+1EA0-1EF9; a+1234567890",
]


def redacted(text: str, rules: RuleSet) -> tuple[str, dict[str, int]]:
    batch = SpanBatch([Span("t", "s", "step", inputs=text)])
    report = redact_batch(batch, rules, KEY)
    return as_text(batch.spans[0].inputs), dict(report.counts)


@pytest.mark.parametrize("rule", POSITIVES)
def test_every_rule_takes_its_secret_and_leaves_the_rest(rule: str) -> None:
    rules = load_rules(PERSONAL)
    for secret, text in POSITIVES[rule]:
        left, counts = redacted(text, rules)
        assert secret not in left
        assert rule in counts, f"{text!r} became {left!r} by {counts}"
        before, after = text.split(secret, 1)
        assert left.startswith(before[:8]) and left.endswith(after[-8:])


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "json": lambda text: json.dumps({"stdout": f"line one\n{text}"}),
    "json in json": lambda text: json.dumps({"out": json.dumps({"stdout": f"one\n{text}\tend"})}),
    "json three deep": lambda text: json.dumps(json.dumps(json.dumps([f"\n{text}"]))),
    "python repr": lambda text: repr({"stdout": f"line one\n{text}"}),
    "repr of bytes": lambda text: repr(f"\x1b[1m{text}\x1b[0m".encode()),
    "colour": lambda text: f"\x1b[32m{text}\x1b[0m",
    "escaped colour": lambda text: json.dumps(f"\x1b[1;31m{text}\x1b[0m"),
    "shell octal": lambda text: f"\\033[32m{text}",
    "address": lambda text: f"https://a.example/?q=%22{text}%22",
    "address twice": lambda text: f"next=%2520{text}",
    "underscores": lambda text: f"_{text}_",
    "unicode escape": lambda text: f"caf\\u00e9{text}",
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "json": json.dumps,
    "json with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "json for pages": lambda text: _escaped(json.dumps(text), "&<>=+'"),
    "json in json for pages": lambda text: json.dumps(_escaped(json.dumps(text), "&<>=+'")),
    "json without quotes": lambda text: (
        json.dumps(text)[:1] + _escaped(json.dumps(text)[1:-1].replace('\\"', '"'), '"')
    ),
    "html": html.escape,
    "html in json": lambda text: json.dumps(html.escape(text)),
    "address": lambda text: f"https://a.example/?q={quote(text, safe='')}",
    "address in address": lambda text: quote(quote(text, safe=""), safe=""),
    "form": lambda text: urlencode({"q": text}),
    "json in a form": lambda text: urlencode({"q": json.dumps({"out": text})}),
    "repr of repr": lambda text: repr(repr(f"one\n{text}")),
    "colours": lambda text: text.replace("=", "=\x1b[1m").replace(": ", ": \x1b[1m"),
}
"""Ways to write a text in which the signs around a secret are no longer themselves."""


def _escaped(text: str, signs: str) -> str:
    for sign in signs:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


OF_WORDS = frozenset(
    [
        "password",
        "password-in-quotes",
        "password-tag",
        "password-option",
        "secret-option",
        "login-option",
        "cookie-header",
        "url-password-in-url",
        "assignment",
        "aws-secret-key",
        "authorization-header",
        "azure-storage-key",
        "phone-labelled",
        "phone",
        "phone-national",
        "card",
        "private-key",
        "slack-webhook",
        "url-token",
        "url-password",
        "azure-signature",
    ]
)
"""Rules that need their own surroundings, or whose secret an escape itself changes."""
BY_SIGNS = frozenset(["password-tag", "login-option"])
"""Rules that go by tags and by the words of a command as they are."""


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("rule", sorted(POSITIVES.keys() - OF_WORDS))
def test_a_token_is_found_behind_any_escape(rule: str, wrapping: str) -> None:
    for secret, text in POSITIVES[rule]:
        wrapped = WRAPPINGS[wrapping](secret if rule != "authorization" else text)
        left, _ = redacted(wrapped, load_rules(PERSONAL))
        assert secret not in left, left


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "rule", sorted(POSITIVES.keys() - set(PERSONAL) - {"phone-national", "phone-labelled"} - BY_SIGNS)
)
def test_a_secret_is_found_however_the_signs_around_it_are_written(rule: str, spelling: str) -> None:
    for secret, text in POSITIVES[rule]:
        left, _ = redacted(SPELLINGS[spelling](text), load_rules())
        core = max(re.split(r"[^A-Za-z0-9_.-]", secret), key=len)
        assert core not in left, left


@pytest.mark.parametrize("wrapping", ["json", "json in json", "json three deep", "python repr"])
@pytest.mark.parametrize("text", ["PASSWORD=hunter2x", "api_key: Zx81kk20aa71", '{"client_secret": "Zx81kk20aa71"}'])
def test_named_secrets_are_found_in_any_nesting(wrapping: str, text: str) -> None:
    left, _ = redacted(WRAPPINGS[wrapping](text), load_rules())
    assert "hunter2x" not in left and "Zx81kk20aa71" not in left


def test_a_named_secret_is_found_in_an_encoded_address() -> None:
    left, _ = redacted("body=%7B%22password%22%3A%22hunter2x%22%7D", load_rules())
    assert "hunter2x" not in left


@pytest.mark.parametrize("token", ["ghp_" + chars(36), "AKIA" + chars(16, UPPER), "xoxb-1234567890-" + chars(24)])
def test_a_token_that_nothing_else_looks_like_is_found_behind_any_prefix(token: str) -> None:
    assert token not in redacted(f"tokenIs{token}", load_rules())[0]


def test_neighbours_that_share_a_separator_are_all_found() -> None:
    tokens = ["SK" + chars(32, HEX) for _ in range(4)]
    left, counts = redacted("_".join(tokens), load_rules())
    assert not any(token in left for token in tokens)
    assert counts == {"twilio-key": 4}


def test_every_rule_of_the_file_has_a_secret_here() -> None:
    rules = load_rules(PERSONAL)
    assert {rule.id for rule in rules.rules} == POSITIVES.keys()


@pytest.mark.parametrize("text", NEGATIVES)
def test_look_alikes_stay(text: str) -> None:
    assert redacted(text, load_rules(PERSONAL)) == (text, {})


def test_personal_data_stays_unless_it_was_asked_for() -> None:
    text = "joe@example.com, +49 30 901820, 4111 1111 1111 1111, DE89370400440532013000"
    assert redacted(text, load_rules())[1] == {}
    assert redacted(text, load_rules(["email"]))[1] == {"email": 1}
    with pytest.raises(UsageError, match="did you mean 'email'"):
        load_rules(["mail"])


def test_the_same_secret_has_the_same_placeholder_within_a_trace_and_batches_share_numbers() -> None:
    first, second = "AKIA" + chars(16, UPPER), "AKIA" + chars(16, UPPER)
    numbers = PlaceholderNumbers()

    def texts(*values: str) -> list[JsonValue]:
        batch = SpanBatch([Span("t", f"s{i}", "x", inputs=value) for i, value in enumerate(values)])
        redact_batch(batch, load_rules(), KEY, numbers)
        return [span.inputs for span in batch.spans]

    assert texts(first, second, first) == ["⟨AWS_KEY_1⟩", "⟨AWS_KEY_2⟩", "⟨AWS_KEY_1⟩"]
    assert texts(second) == ["⟨AWS_KEY_2⟩"]
    assert first not in repr(numbers) and second not in repr(numbers)


def test_numbers_begin_anew_in_each_trace() -> None:
    secret = "AKIA" + chars(16, UPPER)
    batch = SpanBatch([Span("a", "s1", "x", inputs="AKIA" + chars(16, UPPER)), Span("b", "s2", "x", inputs=secret)])
    redact_batch(batch, load_rules(), KEY)

    assert [span.inputs for span in batch.spans] == ["⟨AWS_KEY_1⟩", "⟨AWS_KEY_1⟩"]


def test_every_text_of_a_span_and_of_the_facts_is_covered() -> None:
    token = "ghp_" + chars(36)
    call = ToolCall(token, {token: [token, {"deep": token}]}, "c1")
    message = Message("assistant", token, (call,), name=token, reasoning=token)
    span = Span(
        "t", "s", token, StepKind.LLM, error=StepError(token), agent=token, tool=token, inputs=[token],
        outputs={"a": token}, input_messages=(message,), output_messages=(message,), session=token, user=token,
        documents=(Document(token, metadata={"url": token}),), tool_definitions=[{"description": token}],
        tags=(token,), task=token, version=token, attributes={token: token},
    )  # fmt: skip
    note = Annotation(token, label=token, explanation=token)
    facts = TraceFacts("t", task=token, user=token, tags=(token,), metadata={token: token}, annotations=(note,))
    batch = SpanBatch([span], [facts])
    redact_batch(batch, load_rules(), KEY)

    assert token not in repr(batch)
    assert repr(batch).count("⟨GITHUB_TOKEN_1⟩") >= 30


def filled(kind: type, text: str) -> Any:
    """A value of one of our own classes with the text in every field that takes any."""
    hints = get_type_hints(kind)
    made = {"kind": StepKind.LLM, "error": StepError(text, text), "convention": "genai", "marked": (), "trace_key": "t"}
    for name in (field.name for field in fields(kind) if field.init and field.name not in made):
        words = str(hints[name])
        if "Message" in words:
            made[name] = (filled(Message, text),)
        elif "ToolCall" in words:
            made[name] = (ToolCall(text, {text: text}, text),)
        elif "Document" in words:
            made[name] = (Document(text, text, metadata={text: [text]}),)
        elif "Annotation" in words:
            made[name] = (filled(Annotation, text),)
        elif "tuple[str" in words:
            made[name] = (text,)
        elif "str" in words:
            made[name] = {text: text} if "dict" in words or "Mapping" in words else text
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in made.items() if name in known})


def test_no_field_keeps_a_secret_or_half_a_character(store: Store) -> None:
    """Whatever fields there are: one that is forgotten leaks, or stops an import where no UTF-8 can hold it."""
    token = "ghp_" + chars(36)
    text = f"\ud800 {token}"
    batch = SpanBatch([filled(Span, text)], [filled(TraceFacts, text)])
    kept = batch.spans[0].span_id, batch.spans[0].parent_span_id
    redact_batch(batch, load_rules(), KEY)
    left = repr(batch).replace(repr(kept[0]), "").replace(repr(kept[1]), "")
    assert token not in left, left

    odd = SpanBatch([filled(Span, "a\ud800b")], [filled(TraceFacts, "a\ud800b")])
    for item in within_limits([odd], Source("f", "f", io.BytesIO)):
        assert isinstance(item, SpanBatch)
        commit_batch(store, item)


def test_the_value_of_a_field_that_is_called_a_secret_goes() -> None:
    fields: dict[str, JsonValue] = {
        "password": "swordfish",
        "openaiApiKey": "plainword",
        "headers": {"Authorization": "Bearer abc"},
        "max_tokens": 5,
        "next": {"page_token": "x"},
        "password_hint": "the usual fish",
        "token": "<your token>",
        "logprobs": [{"token": "refund", "logprob": -0.1}],
        "Cookie": "sid=x; theme=dark",
    }
    batch = SpanBatch([Span("t", "s", "x", inputs=fields)])
    report = redact_batch(batch, load_rules(), KEY)

    assert batch.spans[0].inputs == fields | {
        "password": "⟨SECRET_1⟩",
        "openaiApiKey": "⟨SECRET_2⟩",
        "headers": {"Authorization": "⟨SECRET_3⟩"},
        "Cookie": "⟨COOKIE_1⟩",
    }
    assert report.counts == {"secret-field": 3, "cookie-field": 1}


@pytest.mark.parametrize(
    "value",
    [
        {"password": ["swordfish"]},
        {"password": 90210777},
        {"password": {"value": "swordfish"}},
        {"env": [{"name": "DB_PASSWORD", "value": "swordfish"}]},
        {"headers": [{"key": "Authorization", "value": {"stringValue": "swordfish"}}]},
        {"headers": {"X-Api-Key": ["swordfish"]}},
        {"password2": "swordfish", "db_pass": "swordfish", "passwordConfirm": "swordfish"},
    ],
)
def test_a_value_is_known_by_its_name_wherever_the_two_stand(value: JsonValue) -> None:
    batch = SpanBatch([Span("t", "s", "x", inputs=value)])
    redact_batch(batch, load_rules(), KEY)
    for left in (batch.spans[0].inputs, json_without_secrets(value)):
        assert "swordfish" not in repr(left) and "90210777" not in repr(left) and "SECRET_1" in repr(left)


@pytest.mark.parametrize("depth", [50, 300, 900])
def test_a_secret_is_found_at_any_depth(depth: int) -> None:
    token = "ghp_" + chars(36)
    value: JsonValue = {"password": "hunter2x9", "t": token}
    for _ in range(depth):
        value = {"a": value}
    left = as_text(json_without_secrets(value))
    assert "hunter2x9" not in left and token not in left


def test_a_card_that_is_a_number_goes_where_cards_go_and_other_numbers_stay() -> None:
    numbers: dict[str, JsonValue] = {"card": 4111111111111111, "at": 1732270601751000123, "tokens": 4096, "ok": True}
    batch = SpanBatch([Span("t", "s", "x", inputs=dict(numbers))])
    redact_batch(batch, load_rules(PERSONAL), KEY)
    assert batch.spans[0].inputs == numbers | {"card": "⟨CARD_1⟩"}


def test_people_can_still_filter_by_user_while_secrets_go_from_it() -> None:
    token = "ghp_" + chars(36)
    batch = SpanBatch([Span("t", "s", "x", user="joe@example.com", session=token, inputs="joe@example.com")])
    redact_batch(batch, load_rules(PERSONAL), KEY)
    span = batch.spans[0]

    assert (span.user, span.session, span.inputs) == ("joe@example.com", "⟨GITHUB_TOKEN_1⟩", "⟨EMAIL_1⟩")


def test_a_message_shown_again_later_is_redacted_there_too() -> None:
    message = Message("user", "key AKIA" + chars(16, UPPER))
    spans = [Span("t", f"s{i}", "x", StepKind.LLM, input_messages=(message,)) for i in range(3)]
    report = redact_batch(SpanBatch(spans), load_rules(), KEY)

    assert {span.input_messages[0].content for span in spans} == {"key ⟨AWS_KEY_1⟩"}
    assert report.total == 1


def test_redaction_twice_changes_nothing_more() -> None:
    texts: list[JsonValue] = [text for cases in POSITIVES.values() for _, text in cases]
    batch = SpanBatch([Span("t", "s", "x", inputs={"password": "swordfish", "texts": texts})])
    redact_batch(batch, load_rules(PERSONAL), KEY)
    once = batch.spans[0].inputs

    assert redact_batch(batch, load_rules(PERSONAL), KEY).total == 0
    assert batch.spans[0].inputs == once


def test_broken_unicode_does_not_hide_a_secret() -> None:
    secret = "AKIA" + chars(16, UPPER)
    left, counts = redacted(f"\ud800 {secret} \udfff\x00", load_rules())
    assert secret not in left
    assert counts == {"aws-access-key": 1}


def test_a_span_without_secrets_costs_microseconds() -> None:
    line = "the order was refunded under policy 12.50 2026-11-22T07:16:41Z e32a2a33a464cb54 status lookup"
    words = line.split()
    spans = []
    for i in range(1_500):
        text = [" ".join(_RANDOM.choices(words, k=45)) for _ in range(8)]
        messages = tuple(Message("user", body) for body in text[:5])
        call = ToolCall("lookup", {"order": str(i), "note": text[5]}, "c1")
        spans.append(
            Span(f"t{i // 20}", f"{i:016x}", "chat", StepKind.LLM, input_messages=messages,
                 output_messages=(Message("assistant", text[6], (call,)),), attributes={"note": text[7]})
        )  # fmt: skip
    rules = load_rules()
    redact_batch(SpanBatch(spans[:50]), rules, KEY)
    best = min(_seconds(spans, rules) for _ in range(3))

    # The target is 25 µs on an idle core; the bound leaves room for a slower one.
    assert best / len(spans) < 120e-6


def _seconds(spans: list[Span], rules: RuleSet) -> float:
    started = time.process_time()
    assert redact_batch(SpanBatch(spans), rules, KEY).total == 0
    return time.process_time() - started
