"""A patch applies where its text says, as git itself sees it, and to nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.agents.patching import Edit, EditError, apply_edits, apply_patch, make_patch, new_addresses, read_sources
from retrospan.model.errors import BadInputError, UsageError

PROMPT = "You help with refunds.\nBe brief.\nBe kind.\n"


def test_git_applies_the_patch(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    sources = {"prompts/my system.md": PROMPT, "tools.py": "x = 1"}
    edits = [
        Edit("prompts/my system.md", "Be brief.", "Be brief.\nQuote the policy."),
        Edit("tools.py", "x = 1", "x = 2\n"),
    ]
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    changed = apply_edits(sources, edits)
    (tmp_path / "fix.patch").write_text(make_patch(sources, changed))
    subprocess.run(["git", "apply", "--check", "fix.patch"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    assert {name: (tmp_path / name).read_text() for name in sources} == changed


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "é ü\n", "\x0cpage\n"]), max_size=12).map("".join)


@given(before=LINES, after=LINES, tail=st.sampled_from(["", "end"]), other=st.sampled_from(["", "end"]))
def test_every_difference_becomes_a_patch_that_gives_it(before: str, after: str, tail: str, other: str) -> None:
    sources = {"f.txt": before + tail}
    make_patch(sources, {"f.txt": after + other})


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit("other.md", "Be", "x"), "was not given"),
        (Edit("../../etc/passwd", "Be", "x"), "was not given"),
        (Edit("p.md", "Be", "x"), "stands 2 times"),
        (Edit("p.md", "Be rude.", "x"), "stands 0 times"),
        (Edit("p.md", "", "x"), "stands 0 times"),
        (Edit("p.md", "Be kind.", "Be kind.\u202e"), "hidden or control"),
        (Edit("p.md", "Be kind.", "Be kind."), "change nothing"),
    ],
)
def test_an_edit_that_cannot_be_made_says_why(edit: Edit, why: str) -> None:
    with pytest.raises(EditError, match=why):
        apply_edits({"p.md": PROMPT}, [edit])


def test_a_patch_for_another_text_is_refused(tmp_path: Path) -> None:
    patch = make_patch({"p.md": PROMPT}, {"p.md": PROMPT.replace("kind", "polite")})
    (tmp_path / "p.md").write_text("Something else.\n")
    with pytest.raises(EditError, match="not as the patch says"):
        apply_patch(patch, tmp_path)


def test_new_addresses_are_pointed_out() -> None:
    sources = {"p.md": "See https://known.example/x"}
    assert new_addresses(sources, {"p.md": "See https://known.example/x or http://evil.example/y"}) == [
        "http://evil.example/y"
    ]


def test_files_outside_the_root_links_and_odd_names_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside.md").write_text("x")
    with pytest.raises(UsageError, match="lies outside"):
        read_sources([tmp_path / "outside.md"], root)
    (root / "link.md").symlink_to(root / "real.md")
    (root / "real.md").write_text("x")
    with pytest.raises(BadInputError):
        read_sources([root / "link.md"], root)
    (root / 'odd"name.md').write_text("x")
    with pytest.raises(UsageError, match="cannot carry"):
        read_sources([root / 'odd"name.md'], root)
    (root / "binary.md").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInputError, match="UTF-8"):
        read_sources([root / "binary.md"], root)
