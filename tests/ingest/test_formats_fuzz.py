"""Whatever a file holds, readers answer with batches, named bad records or `BadInputError`, and nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retrospan.ingest.formats.detect import FORMATS, detect_format
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.ingest.formats.records import LeftOut
from retrospan.ingest.redaction import redact_batch
from retrospan.model.errors import BadInputError
from retrospan.model.text.secrets import PERSONAL, load_rules
from retrospan.model.traces import SpanBatch

# One small file of each format, written by hand; what they say is of no interest, only which fields there are.
SEED_FILES = sorted((Path(__file__).parents[1] / "data" / "formats").glob("*.jsonl"))
SEEDS = {file.stem: [json.loads(line) for line in file.read_text().splitlines()] for file in SEED_FILES}
ODD_TEXTS = ["", "\ud800", "\0", "∞", "1e999", "9" * 400]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(ODD_TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
RULES = load_rules(PERSONAL)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged(draw: Callable[..., Any], seed: list[Any]) -> list[Any]:
    records: Any = seed
    for _ in range(draw(st.integers(1, 4))):
        records = changed(records, draw(st.sampled_from(places(records))), draw(JSON))
    return records if isinstance(records, list) else [records]


def texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        value = [*value, *value.values()]
    return [text for item in value for text in texts_in(item)] if isinstance(value, list | tuple) else []


def check(path: Path, fmt: str) -> None:
    try:
        for item in read_path(path, fmt):
            assert isinstance(item, SpanBatch | RecordError | LeftOut)
            if isinstance(item, SpanBatch):
                # Every text can be stored, so no lone surrogate is left anywhere.
                assert "\ud800" not in "".join(texts_in(item.spans) + texts_in(item.facts))
                redact_batch(item, RULES, b"k" * 16)
    except BadInputError as err:
        assert str(err)


QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("fmt", SEEDS)
def test_the_seed_of_each_format_is_recognised_and_clean(tmp_path: Path, fmt: str) -> None:
    file = tmp_path / "seed.jsonl"
    file.write_text("\n".join(map(json.dumps, SEEDS[fmt])))
    assert detect_format(file.name, file.read_bytes()) == fmt
    assert not [item for item in read_path(file) if isinstance(item, RecordError)]


@pytest.mark.parametrize("fmt", SEEDS)
@QUIET
@given(data=st.data())
def test_wrong_types_anywhere_give_errors_only(tmp_path: Path, fmt: str, data: st.DataObject) -> None:
    file = tmp_path / "damaged.jsonl"
    file.write_text(
        "\n".join(map(json.dumps, data.draw(damaged(SEEDS[fmt])))), encoding="utf-8", errors="surrogatepass"
    )
    check(file, fmt)
    check(file, "auto")


@QUIET
@given(
    body=st.binary(max_size=400), fmt=st.sampled_from(["auto", *(fmt.name for fmt in FORMATS)]), zipped=st.booleans()
)
def test_any_bytes_give_errors_only(tmp_path: Path, body: bytes, fmt: str, zipped: bool) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(gzip.compress(body) if zipped else body)
    check(file, fmt)


@QUIET
@given(data=st.data())
def test_a_file_cut_anywhere_gives_errors_only(tmp_path: Path, data: st.DataObject) -> None:
    fmt = data.draw(st.sampled_from(sorted(SEEDS)))
    body = "\n".join(map(json.dumps, SEEDS[fmt])).encode()
    if data.draw(st.booleans()):
        body = gzip.compress(body, mtime=0)
    file = tmp_path / "cut.jsonl"
    file.write_bytes(body[: data.draw(st.integers(0, len(body)))])
    check(file, data.draw(st.sampled_from(["auto", fmt])))
