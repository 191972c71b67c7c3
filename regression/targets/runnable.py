"""Versions that can be run: a Python function, a git ref, a command, an HTTP endpoint; each run stands alone."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...model.cases import Case
from ...model.errors import RetrospanError, UsageError
from ...model.experiments import TargetPrint
from ...model.text.display import safe_line
from ..protocol import RunResult, as_run_result
from ..target import find_declaration
from . import worker
from .prints import address_print, print_of
from .process import MAX_OUTPUT, run_process
from .trouble import TargetTroubleError, TroubleKind
from .versions import Version, VersionKind, git

DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How runs are made."""

    timeout_s: float = DEFAULT_TIMEOUT
    python: str = sys.executable
    """The application's interpreter; Retrospan need not be installed in it."""
    max_output: int = MAX_OUTPUT
    environment: Mapping[str, str] = field(default_factory=dict)


class Runnable(Protocol):
    """A version that can be run."""

    @property
    def target_print(self) -> TargetPrint:
        """What it is, by hashes."""

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        """Run the application once on a case's input. Threads may call it at the same time.

        Raises:
            TargetTroubleError: if the run could not be made, or its answer cannot be read.
        """


@contextmanager
def opened_version(version: Version, folder: Path, settings: RunSettings) -> Iterator[Runnable]:
    """The version, ready to run; what was checked out for it is gone when the block ends.

    Raises:
        UsageError: if it can only be read, or no target is declared in it.
    """
    if version.kind is VersionKind.GIT:
        with _worktree(version, folder) as place:
            yield _declared(version, place, settings)
    elif version.kind is VersionKind.PYTHON:
        named = version.value
        found = (
            PythonTarget(named, folder, settings, print_of(version, folder, python=settings.python)) if named else None
        )
        yield found or _declared(version, folder, settings)
    elif version.kind is VersionKind.COMMAND:
        yield CommandTarget(shlex.split(version.value), folder, settings, print_of(version, folder))
    elif version.kind is VersionKind.HTTP:
        yield HttpTarget(version.value, settings, address_print(version))
    else:
        raise UsageError(f"{version.text!r} names recorded runs, which cannot be run again. Name code for both sides.")


def _declared(version: Version, place: Path, settings: RunSettings) -> PythonTarget:
    declared = find_declaration(place)
    return PythonTarget(declared.target, declared.root, settings, print_of(version, place, python=settings.python))


@contextmanager
def _worktree(version: Version, folder: Path) -> Iterator[Path]:
    """The ref in a folder of its own, at the place that `folder` has in the repository."""
    top = git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise UsageError(f"{folder} is in no git repository, so {version.text!r} cannot be checked out there.")
    with tempfile.TemporaryDirectory(prefix="retrospan-version-") as temporary:
        place = Path(temporary) / "tree"
        if git(Path(top), "worktree", "add", "--detach", "--quiet", str(place), version.value) is None:
            raise UsageError(f"Git cannot check {version.value!r} out beside {top}. Try `git worktree add` by hand.")
        try:
            yield place / folder.resolve().relative_to(Path(top).resolve())
        finally:
            git(Path(top), "worktree", "remove", "--force", str(place))


@dataclass(frozen=True, slots=True)
class PythonTarget:
    """`module:function`, each run in a process of its own."""

    target: str
    root: Path
    settings: RunSettings
    target_print: TargetPrint

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        request = _request(case) | {"target": self.target, "root": str(self.root)}
        answer = _answer(
            run_process(
                [self.settings.python, str(Path(worker.__file__))],
                json.dumps(request).encode(),
                timeout_s=self.settings.timeout_s,
                cwd=self.root,
                env={**self.settings.environment, **environment},
                max_output=self.settings.max_output,
            ).stdout,
            self.target,
        )
        if "error" in answer and "output" not in answer:
            raise TargetTroubleError(TroubleKind.RAISED, str(answer["error"]).rstrip())
        return _result(answer, self.target)


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A program that takes the case as one JSON object on stdin and answers with one on stdout, on its last line."""

    command: list[str]
    folder: Path
    settings: RunSettings
    target_print: TargetPrint

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        if not self.command:
            raise TargetTroubleError(TroubleKind.NOT_STARTED, "the command is empty. Write cmd:'python agent.py'.")
        finished = run_process(
            self.command,
            json.dumps(_request(case)).encode() + b"\n",
            timeout_s=self.settings.timeout_s,
            cwd=self.folder,
            env={**self.settings.environment, **environment},
            max_output=self.settings.max_output,
        )
        return _result(_answer(finished.stdout, self.command[0]), self.command[0])


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """An address that takes the case by POST as JSON, and answers with JSON."""

    address: str
    settings: RunSettings
    target_print: TargetPrint

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        del environment  # spans of a server go where the server sends them
        request = urllib.request.Request(
            self.address, json.dumps(_request(case)).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self.settings.timeout_s) as response:
                body = response.read(self.settings.max_output + 1)
        except urllib.error.HTTPError as err:
            with err:
                said = safe_line(err.read(500).decode("utf-8", "replace"), 300)
            raise TargetTroubleError(TroubleKind.DIED, f"{self.address} answered {err.code}: {said}") from None
        except TimeoutError as err:
            raise self._late() from err
        except OSError as err:
            if isinstance(getattr(err, "reason", None), TimeoutError):
                raise self._late() from err
            reason = getattr(err, "reason", err)
            raise TargetTroubleError(
                TroubleKind.UNREACHABLE, f"{self.address} cannot be reached ({reason}). Start it, or mend the address."
            ) from err
        if len(body) > self.settings.max_output:
            raise TargetTroubleError(
                TroubleKind.TOO_LARGE, f"{self.address} answered with more than {self.settings.max_output >> 20} MiB."
            )
        return _result(_answer(body, self.address), self.address)

    def _late(self) -> TargetTroubleError:
        return TargetTroubleError(
            TroubleKind.TIMEOUT,
            f"{self.address} did not answer within {self.settings.timeout_s:g} s. Raise --timeout if it needs longer.",
        )


def _request(case: Case) -> dict[str, Any]:
    frozen = None
    if case.tool_results is not None:
        frozen = [result.model_dump(mode="json") for result in case.tool_results]
    return {"case": case.id, "input": case.input, "tool_results": frozen}


def _answer(body: bytes, name: str) -> dict[str, Any]:
    """The JSON object of an answer: all of the text, else its last line, since programs print before they answer."""
    text = body.decode("utf-8", "replace").strip()
    for candidate in (text, text.rpartition("\n")[2]):
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    shown = f"it begins {safe_line(text, 120)!r}" if text else "it is empty"
    raise TargetTroubleError(
        TroubleKind.GARBAGE,
        f"the answer of {name!r} is no JSON object: {shown}. "
        'Print one as the last line, as in {"output": "…", "tool_calls": []}.',
    )


def _result(answer: dict[str, Any], name: str) -> RunResult:
    try:
        return as_run_result(answer)
    except (TypeError, RetrospanError) as err:
        keys = ", ".join(sorted(map(str, answer))[:8]) or "none"
        raise TargetTroubleError(
            TroubleKind.GARBAGE, f"the answer of {name!r} cannot be read (keys: {safe_line(keys, 120)}): {err}"
        ) from err
