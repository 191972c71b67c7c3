"""The reference page on trace files says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from retrospan.ingest.formats.detect import FORMATS
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.limits import MIB, Limits
from retrospan.model.traces import Outcome, SpanBatch

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "trace-files.md").read_text()


def test_the_page_lists_every_format() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(fmt.name for fmt in FORMATS)


def test_the_example_of_the_page_can_be_imported(tmp_path: Path) -> None:
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "run.json").write_text(found[1])
    [batch] = read_path(tmp_path / "run.json")

    assert isinstance(batch, SpanBatch)
    assert [span.kind.value for span in batch.spans] == ["chain", "human", "llm", "tool", "llm"]
    assert batch.facts[0].outcome is Outcome.FAIL


def test_the_page_gives_the_limits_in_force() -> None:
    limits = Limits()

    assert f"| {limits.trace_bytes // MIB} MiB |" in PAGE
    assert f"| {limits.steps:,} |" in PAGE
    assert f"| {limits.depth} levels |" in PAGE
    assert f"| {limits.document_bytes // MIB} MiB |" in PAGE
    assert f"{limits.ratio} times its size" in PAGE
