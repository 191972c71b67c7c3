"""No project brings whom a user trusts, by whatever variable it names the place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from retrospan.model.errors import RefusedError
from retrospan.trust import folders
from retrospan.trust.folders import config_folder


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where somebody unpacks projects; no variable names a configuration."""
    for name in ("RETROSPAN_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory() as found:
        yield Path(found).resolve()


@pytest.fixture
def tree(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An unpacked project without any mark, in which an assistant runs."""
    root = place / "unpacked" / "support-agent"
    (root / "src").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("variable", ["RETROSPAN_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"])
@pytest.mark.parametrize("inside", [".", ".cfg", ".cfg/retrospan", "src/../.cfg", "../.cfg", "../../cfg"])
def test_a_folder_in_or_beside_the_work_tree_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch, variable: str, inside: str
) -> None:
    monkeypatch.setenv(variable, f"{tree}/{inside}")
    brought = Path(f"{tree}/{inside}").resolve()
    for folder in (brought, brought / "retrospan", brought / ".config" / "retrospan"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "trust.json").touch()
    with pytest.raises(RefusedError, match=f"{variable} leads to"):
        config_folder()


@pytest.mark.parametrize("variable", ["RETROSPAN_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"])
def test_an_empty_folder_beside_brings_nothing_and_is_kept_by_whoever_begins_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A home of its own for a build, with the clone beside it."""
    monkeypatch.setenv(variable, str(tree.parent / "home"))
    found = config_folder()
    (found / "trust.json").touch()
    assert config_folder() == found

    copied = tree.parent / "unpacked-again"
    shutil.copytree(tree.parent / "home", copied)
    monkeypatch.setenv(variable, str(copied))
    with pytest.raises(RefusedError, match=f"{variable} leads to"):
        config_folder()


@pytest.mark.parametrize("mark", [".git", ".hg", ".mcp.json", "retrospan.toml", ".claude", "pyproject.toml"])
@pytest.mark.parametrize("variable", ["RETROSPAN_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"])
def test_a_folder_in_any_project_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, variable: str, mark: str
) -> None:
    """Also where the program runs elsewhere."""
    other = place / "projects" / "clone"
    other.mkdir(parents=True)
    (other / mark).touch()
    monkeypatch.chdir("/")
    monkeypatch.setenv(variable, str(other / "settings"))
    with pytest.raises(RefusedError, match="lies in a project"):
        config_folder()


@pytest.mark.parametrize("value", [".cfg", "cfg/retrospan", "../cfg"])
def test_a_place_that_depends_on_where_one_starts_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", value)
    with pytest.raises(RefusedError, match="depends on where"):
        config_folder()


def test_a_link_out_of_the_way_that_leads_into_the_work_tree_is_refused(
    tree: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / ".cfg").mkdir()
    (tree / ".cfg" / "trust.json").touch()
    with tempfile.TemporaryDirectory() as apart:
        link = Path(apart) / "cfg"
        link.symlink_to(tree / ".cfg")
        monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(link))
        with pytest.raises(RefusedError):
            config_folder()


@pytest.mark.parametrize("variable", ["RETROSPAN_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"])
def test_a_folder_elsewhere_is_taken(tree: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with tempfile.TemporaryDirectory() as apart:
        monkeypatch.setenv(variable, apart)
        assert str(config_folder()).startswith(apart)


@pytest.mark.skipif(os.name != "posix", reason="homes of accounts")
def test_the_accounts_own_configuration_is_taken_wherever_one_works(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place / "home" / "ada"
    (home / ".git").mkdir(parents=True)
    (home / "work").mkdir()
    monkeypatch.setattr(folders, "_own_home", lambda: home)
    monkeypatch.setenv("HOME", str(home))
    for here in (home, home / "work"):
        monkeypatch.chdir(here)
        assert config_folder() == Path(platformdirs.user_config_dir("retrospan"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        assert config_folder() == home / ".config" / "retrospan"
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
        assert config_folder() == home / "settings" / "retrospan"
