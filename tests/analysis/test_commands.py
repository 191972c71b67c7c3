"""Shell commands: what they are for, and which files they write."""

from __future__ import annotations

import pytest
from retrospan.analysis.tools.commands import Deed, read_command


@pytest.mark.parametrize(
    ("command", "deed"),
    [
        ("ls -la | grep x", Deed.LOOK),
        ("sed -n '1,9p' a.py", Deed.LOOK),
        ("git diff HEAD", Deed.LOOK),
        ("cd /w && pytest -q tests", Deed.CHECK),
        ("npm run test -- --watch=false", Deed.CHECK),
        ("python -m pytest", Deed.CHECK),
        ("cargo build", Deed.CHECK),
        ("python app.py", Deed.OTHER),
        ("sed -i 's/a/b/' a.py && pytest", Deed.WRITE),
        ("rm -r old", Deed.WRITE),
        ("git commit -m done", Deed.WRITE),
        ("echo hi > /dev/null", Deed.LOOK),
        ("make 2>&1 | tail -3", Deed.OTHER),
    ],
)
def test_a_command_is_known_by_its_strongest_part(command: str, deed: Deed) -> None:
    assert read_command(command).deed is deed


def test_what_stands_in_quotation_marks_and_here_documents_is_content() -> None:
    command = read_command("cat <<'EOF' > note.md\nrm -rf build > x.txt\nEOF\necho 'a > b.txt'")
    assert command.written == ("note.md",)
    assert "rm -rf" in command.body


@pytest.mark.parametrize(
    ("command", "written", "edited", "undone"),
    [
        ("sed -i.bak -e 's/a/b/' src/a.py src/b.py", ("src/a.py", "src/b.py"), ("src/a.py", "src/b.py"), ()),
        ("echo x >> log.txt", ("log.txt",), ("log.txt",), ()),
        ("make 2> err.txt", ("err.txt",), (), ()),
        ("mv a.py b.py", ("a.py", "b.py"), (), ()),
        ("echo x | tee -a out.txt", ("out.txt",), ("out.txt",), ()),
        ("git checkout -- src/a.py", (), (), ("src/a.py",)),
        ("git stash", (), (), ("*",)),
        ("rm a.py", ("a.py",), (), ("a.py",)),
    ],
)
def test_files_are_told_by_how_they_are_written(
    command: str, written: tuple[str, ...], edited: tuple[str, ...], undone: tuple[str, ...]
) -> None:
    found = read_command(command)
    assert (found.written, found.edited, found.undone) == (written, edited, undone)


def test_a_broken_command_is_read_without_an_error() -> None:
    assert read_command("echo 'unclosed > a.txt <<").deed in Deed
