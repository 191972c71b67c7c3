"""Words of languages that put no blanks between them are found inside a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from retrospan.model.query import parse_query
from retrospan.services.receiving.importing import import_paths
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.search.lines import search
from shared_data import SHARED_DATA

RUNS = {
    "zh-2": ("我的行李还没有到。", "您的航班延误了两个小时。"),
    "ja-2": ("予約を変更したいです", "火曜日の午後に変更しました。"),
    "ko-1": ("주문한책이아직안왔어요", "배송이지연되고있습니다."),
    "th-1": ("ฉันต้องการคืนสินค้า", "เราได้รับคำขอของคุณแล้ว"),
    "en-1": ("Where is my parcel?", "It has shipped."),
}


def found(folder: Path, file: Path, words: str) -> list[str]:
    with open_store(folder / "words.db") as store:
        import_paths(store, [file])
        return [
            get_trace(store, hit.trace_id).summary.external_id for hit in search(store, parse_query(words), limit=10)
        ]


@pytest.mark.parametrize(
    ("words", "run"),
    [
        ("行李", "zh-2"),
        ("航班", "zh-2"),
        ("変更", "ja-2"),
        ("火曜日", "ja-2"),
        ("지연", "ko-1"),
        ("สินค้า", "th-1"),
        ("parcel", "en-1"),
    ],
)
def test_a_word_inside_a_sentence_finds_its_run_alone(tmp_path: Path, words: str, run: str) -> None:
    file = tmp_path / "runs.jsonl"
    turns = {key: [{"role": "user", "content": u}, {"role": "assistant", "content": a}] for key, (u, a) in RUNS.items()}
    file.write_text("\n".join(json.dumps({"id": key, "messages": told}) for key, told in turns.items()))
    assert found(tmp_path, file, words) == [run]


@pytest.mark.parametrize(("words", "run"), [("包裹", "zh-1"), ("返品", "ja-1")])
def test_the_reported_words_are_found(tmp_path: Path, words: str, run: str) -> None:
    file = SHARED_DATA.parent / "cases" / "14-chinese-search" / "input.jsonl"
    if not file.exists():
        pytest.skip("needs 14-chinese-search of the shared cases")
    assert found(tmp_path, file, words) == [run]
