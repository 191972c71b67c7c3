"""Counts at nodes, transitions and variants; coverage; pictures that hold in 80 columns and in any viewer."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.analysis.paths.boxes import COLUMNS, draw_boxes
from retrospan.analysis.paths.graph import PathRun, coverage_of, graph_of, tally_at, variants_of
from retrospan.analysis.paths.layout import lay_out
from retrospan.analysis.paths.svg import draw_svg
from rich.cells import cell_len

HOSTILE = [
    "</text><script>alert(1)</script>",
    "a\x1b[31mb",
    "\u202eevil",
    "宽" * 60,
    "x" * 500,
    "\"'&<>",
    "]]>",
    "\ud800",
]


def runs(*ways: str, failed: str = "") -> list[PathRun]:
    return [PathRun(i, tuple(way), way in failed.split()) for i, way in enumerate(ways)]


def test_a_run_counts_once_however_often_it_passes() -> None:
    graph = graph_of(variants_of(runs("abab", "ab", failed="abab")))
    assert tally_at(graph.nodes["a"]).runs == 2
    assert tally_at(graph.edges["a", "b"]).runs == 2
    assert tally_at(graph.edges["b", "a"]).runs == 1
    assert tally_at(graph.nodes["start"]).failed == 1
    rate = tally_at(graph.edges["b", "a"]).failure_rate
    assert rate is not None
    assert (rate.value, rate.high) == (1.0, 1.0)


def test_nothing_is_known_where_nobody_said() -> None:
    graph = graph_of(variants_of([PathRun(1, ("a",), None)]))
    assert tally_at(graph.nodes["a"]).failure_rate is None


def test_variants_come_commonest_first() -> None:
    assert [(v.path, v.tally.runs) for v in variants_of(runs("ab", "ac", "ab"))] == [(("a", "b"), 2), (("a", "c"), 1)]


def test_coverage_counts_places_that_a_case_or_a_review_passes() -> None:
    tested = PathRun(1, ("a", "b"), None, reviewed=True, cases=("case-1",))
    variants = variants_of([tested, PathRun(2, ("a", "c"), None), PathRun(3, ("a", "c"), None)])
    covered = coverage_of(graph_of(variants), variants)
    assert (covered.nodes.cases, covered.nodes.of) == (2, 3)
    assert (covered.edges.cases, covered.edges.reviewed, covered.edges.of) == (3, 3, 5)
    assert (covered.variants.cases, covered.variants.of) == (1, 2)
    assert (covered.runs.cases, covered.runs.of) == (1, 3)


def test_a_layer_holds_no_node_that_leads_to_another_in_it() -> None:
    layout = lay_out(graph_of(variants_of(runs("abc", "adc", "abc"))))
    assert layout.layers[0] == ("start",)
    assert layout.layers[-1] == ("end",)
    assert {"b", "d"} == set(layout.layers[2])


def test_rare_nodes_are_counted_rather_than_drawn() -> None:
    graph = graph_of(variants_of(runs(*("a" + chr(200 + i) for i in range(40)))))
    layout = lay_out(graph, most_nodes=10)
    assert sum(len(layer) for layer in layout.layers) == 12
    assert layout.hidden_nodes == 31


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_stay_text(label: str) -> None:
    graph = graph_of(variants_of([PathRun(1, (label, "b"), True), PathRun(2, (label,), False)]))
    picture = draw_svg(graph, title=label)
    root = ET.fromstring(picture)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "rect", "defs", "marker", "path", "g", "text"}
    assert not any(key.startswith("on") or "href" in key for element in root.iter() for key in element.attrib)
    assert "\x1b" not in picture + "".join(draw_boxes(graph))
    picture.encode()


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), min_size=1, max_size=12))
def test_any_graph_can_be_drawn_in_80_columns_and_as_svg(ways: list[list[str]]) -> None:
    graph = graph_of(variants_of([PathRun(i, tuple(way), i % 2 == 0) for i, way in enumerate(ways)]))
    lines = draw_boxes(graph)
    assert all(cell_len(line) <= COLUMNS for line in lines)
    drawn = ET.fromstring(draw_svg(graph, title="runs"))
    shown = {element.text for element in drawn.iter() if element.tag.endswith("text")}
    assert {label for way in ways for label in way} <= shown
