"""The pytest plugin: collects `.retrospan/cases/*.yaml` of an application as tests.

Importing it costs nothing but this file: the case model, the runner and the application load when a case is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .strictness import machine_only_verifies

if TYPE_CHECKING:
    from ..model.cases import Case
    from ..trust.root import Trust
    from .recording import RunKeeper
    from .results import CaseRuns
    from .target import TargetFunction

_FOLDER = ".retrospan"
_STATUSES = ("draft", "active", "flaky", "retired")
_targets = pytest.StashKey[dict[Path, "TargetFunction"]]()
_done = pytest.StashKey[list["CaseRuns"]]()
_trusts = pytest.StashKey[dict[Path, "Trust | None"]]()
_uncounted = pytest.StashKey[list[str]]()
_keepers = pytest.StashKey[dict[Path, "RunKeeper"]]()
_UNSIGNED = (
    "Confirm them in `retrospan review`, trust who signed them (`retrospan reviewer list`), "
    'or set unsigned_cases = "run" under [tool.retrospan] where nobody signs cases.'
)


class CaseFailed(Exception):
    """A check failed; the report is the message."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("retrospan", "regression cases in .retrospan/cases")
    group.addoption(
        "--retrospan-repeats",
        type=_positive,
        default=1,
        metavar="N",
        help="run each regression case N times; it passes when all runs pass, and k/N is reported",
    )
    group.addoption("--retrospan-drafts", action="store_true", help="run draft cases too")
    group.addoption(
        "--retrospan-strict",
        action="store_true",
        default=machine_only_verifies(),
        help="fail where an active case was not run or could not be decided (the default where CI is set)",
    )
    group.addoption(
        "--retrospan-store",
        metavar="PATH",
        help="keep every run in this store (default: RETROSPAN_STORE or your own store, where it is there already)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "retrospan: a regression case of .retrospan/cases")
    for status in _STATUSES:
        config.addinivalue_line("markers", f"retrospan_{status}: a regression case whose status is {status}")
    cases = config.rootpath / _FOLDER / "cases"
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and cases.is_dir():
        # `testpaths` names the application's own tests; a plain `pytest` means the cases too.
        config.args.append(str(cases))


def pytest_unconfigure(config: pytest.Config) -> None:
    for keeper in config.stash.get(_keepers, {}).values():
        keeper.close()


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Let pytest into `.retrospan`, which it would skip as a hidden folder."""
    if collection_path.name == _FOLDER and (collection_path / "cases").is_dir():
        return False
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> CaseFolder | None:
    return CaseFolder.from_parent(parent, path=path) if path.name == _FOLDER else None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    uncounted = config.stash.get(_uncounted, [])
    if uncounted:
        terminalreporter.section("regression cases that count as drafts", yellow=True)
        terminalreporter.write_line(f"{len(uncounted)} active without a trusted signature: {', '.join(uncounted)}")
        terminalreporter.write_line(_UNSIGNED)
    for keeper in config.stash.get(_keepers, {}).values():
        if keeper.trouble:
            terminalreporter.write_line(f"Runs of regression cases could not be kept: {keeper.trouble}", yellow=True)
    runs = config.stash.get(_done, [])
    if config.getoption("--retrospan-repeats") > 1 and runs:
        terminalreporter.section("regression cases")
        for done in runs:
            terminalreporter.write_line(f"{done.case.id}: passed {done.passed}/{len(done.results)} runs")


class CaseFolder(pytest.File):
    """`.retrospan` or its `cases`: only case files count there.

    No `pytest.Dir`, which would run a `conftest.py` or a test module of a folder that holds data, perhaps of others.
    """

    def collect(self) -> Iterator[CaseFolder | CaseFile]:
        if self.path.name == _FOLDER:
            yield CaseFolder.from_parent(self, path=self.path / "cases")
            return
        for path in sorted(self.path.glob("*.yaml")):
            if not path.name.startswith("."):
                yield CaseFile.from_parent(self, path=path)


class CaseFile(pytest.File):
    """One YAML file with one case."""

    def collect(self) -> Iterator[CaseItem]:
        from ..model.cases import load_case
        from ..model.errors import BadInputError

        try:
            case = load_case(self.path)
        except BadInputError as err:
            raise self.CollectError(str(err)) from None
        item: CaseItem = CaseItem.from_parent(self, name=case.id)
        item.take(case, self._missing(case))
        yield item

    def _missing(self, case: Case) -> str:
        """Why an active case counts as a draft; empty where it counts."""
        from ..model.cases import CaseStatus
        from ..services.knowledge.cases import list_case

        if case.status not in (CaseStatus.ACTIVE, CaseStatus.FLAKY):
            return ""
        trust = self._trust()
        if trust is None:
            return ""
        listed = list_case(self.path, trust)
        return listed.why if listed.standing(unsigned_count=False) is CaseStatus.DRAFT else ""

    def _trust(self) -> Trust | None:
        """Whose signatures count for this folder; None where its application says that cases need none."""
        from ..model.errors import RetrospanError
        from ..store.knowledge.index import folder_trust
        from .target import unsigned_cases_count

        root = self.path.parent.parent.parent
        known = self.config.stash.setdefault(_trusts, {})
        if root not in known:
            try:
                known[root] = None if unsigned_cases_count(root) else folder_trust([root])
            except RetrospanError as err:
                raise self.CollectError(str(err)) from None
        return known[root]


class CaseItem(pytest.Item):
    """A regression case as a test: the application runs in set-up, the checks decide the test."""

    case: Case
    runs: CaseRuns
    missing = ""
    """Why an active case counts as a draft."""

    def take(self, case: Case, missing: str) -> None:
        """Set the case and the marks of its status; `missing` says why its status counts for nothing."""
        self.case = case
        self.add_marker("retrospan")
        self.add_marker(f"retrospan_{'draft' if missing else case.status}")
        if missing:
            self.config.stash.setdefault(_uncounted, []).append(case.id)
            if self.config.getoption("--retrospan-drafts"):
                return
            if self.config.getoption("--retrospan-strict"):
                self.missing = missing
            else:
                told = f"counts as a draft: {missing}; --retrospan-drafts runs it"
                self.add_marker(pytest.mark.skip(reason=told))
            return
        if case.status == "retired":
            self.add_marker(pytest.mark.skip(reason="retired case"))
        elif case.status == "draft" and not self.config.getoption("--retrospan-drafts"):
            self.add_marker(pytest.mark.skip(reason="draft case; --retrospan-drafts runs it"))
        elif case.status == "flaky":
            self.add_marker(pytest.mark.xfail(reason="flaky case, under quarantine", strict=False))

    def setup(self) -> None:
        from .results import CaseOutcome
        from .runner import run_cases

        if self.missing:
            pytest.fail(
                f"an active case was not run: it counts as a draft, since {self.missing}. {_UNSIGNED}", pytrace=False
            )
        target = self._target()
        repeats = self.config.getoption("--retrospan-repeats")
        (self.runs,) = run_cases([self.case], target, repeats=repeats, on_done=self._keep)
        self.config.stash.setdefault(_done, []).append(self.runs)
        self.user_properties.append(("retrospan_passed", f"{self.runs.passed}/{len(self.runs.results)}"))
        if self.runs.outcome is CaseOutcome.ERROR:
            pytest.fail(self._report(), pytrace=False)

    def runtest(self) -> None:
        from .results import CaseOutcome

        if self.runs.outcome is CaseOutcome.FAILED:
            raise CaseFailed(self._report())
        if self.runs.outcome is CaseOutcome.SKIPPED:
            if self.config.getoption("--retrospan-strict") and self.case.status == "active":
                raise CaseFailed(f"an active case could not be decided\n{self._report()}")
            pytest.skip("; ".join(check.reason for check in self.runs.results[0].checks))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"case {self.name}"

    def _report(self) -> str:
        from .report import render_runs

        return render_runs(self.runs)

    def _keep(self, runs: CaseRuns) -> None:
        """Keep the runs where there is a store to keep them in."""
        from ..store.opening import default_location
        from .recording import RunKeeper
        from .target import find_declaration
        from .targets.prints import print_of
        from .targets.versions import Version, VersionKind

        named = self.config.getoption("--retrospan-store")
        if named is None and not default_location().exists():
            return
        root = self.path.parent.parent.parent
        keepers = self.config.stash.setdefault(_keepers, {})
        if root not in keepers:
            declared = find_declaration(root)
            version = Version(VersionKind.PYTHON, declared.target, declared.target)
            keepers[root] = RunKeeper(named, root, print_of(version, declared.root))
        keepers[root].keep(runs)

    def _target(self) -> TargetFunction:
        from ..model.errors import RetrospanError
        from .runner import describe_error
        from .target import find_declaration, load_target

        root = self.path.parent.parent.parent
        loaded = self.config.stash.setdefault(_targets, {})
        if root not in loaded:
            try:
                declared = find_declaration(root)
                loaded[root] = load_target(declared.target, declared.root)
            except RetrospanError as err:
                pytest.fail(str(err), pytrace=False)
            except Exception as err:
                pytest.fail(f"the target cannot be imported\n{describe_error(err)}", pytrace=False)
        return loaded[root]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
