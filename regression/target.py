"""The application's target: the one function that regression cases call.

It is declared by the application, never by a case: `target = "myapp.agent:run"` in `retrospan.toml`, or under
`[tool.retrospan]` in `pyproject.toml`. It takes the case's input and returns what `protocol.as_run_result` accepts;
it may be async. A parameter named `tool_results` receives the case's frozen tool results. Tool calls that it does
not return are read from its OpenTelemetry spans (`capture.py`).
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import threading
import tomllib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model.cases import Case
from ..model.errors import BadInputError, UsageError
from .capture import captured_spans, with_captured
from .protocol import FrozenTools, RunResult, as_run_result

TargetFunction = Callable[..., Any]

_DECLARE = 'Declare it as target = "myapp.agent:run" in retrospan.toml, or under [tool.retrospan] in pyproject.toml.'


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where an application declares its target."""

    target: str
    """`module:function`."""
    file: Path

    @property
    def root(self) -> Path:
        """The folder that holds the declaration; modules are imported from there."""
        return self.file.parent


def find_declaration(start: Path) -> Declaration:
    """The nearest declaration in `start` or a folder above it, up to the root of the git repository.

    Raises:
        UsageError: if there is none.
        BadInputError: if a configuration file on the way is not TOML, or its target not text.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in ("retrospan.toml", "pyproject.toml"):
            declared = _declared_in(folder / name)
            if declared is not None:
                return Declaration(declared, folder / name)
        if (folder / ".git").exists():
            break
    raise UsageError(f"No target is declared in {start} or above it. {_DECLARE}")


def unsigned_cases_count(start: Path) -> bool:
    """Whether the application says that its cases need no signature: `unsigned_cases = "run"`.

    The nearest declaration counts, in the places where `find_declaration` looks. Without one, an active case that no
    trusted reviewer has signed is a draft.

    Raises:
        BadInputError: if a configuration file on the way is not TOML, or the value another.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in ("retrospan.toml", "pyproject.toml"):
            value = _setting(folder / name, "unsigned_cases")
            if value is not None:
                if value not in ("run", "draft"):
                    file = folder / name
                    raise BadInputError(
                        f'{file}: unsigned_cases is {value!r}; write "run" where nobody signs cases, else "draft".',
                        where=str(file),
                    )
                return value == "run"
        if (folder / ".git").exists():
            break
    return False


def load_target(target: str, root: Path | None = None) -> TargetFunction:
    """Import the function that `module:function` names.

    Args:
        target: `myapp.agent:run`; the part after the colon may have dots.
        root: Folder put first on the import path, with its `src` if it has one.

    Raises:
        UsageError: if the text has another form, or names no function.
        Exception: whatever the application's module raises while it is imported.
    """
    module_name, colon, attribute = target.partition(":")
    if not (colon and module_name and attribute):
        raise UsageError(f"Target {target!r} is not of the form module:function. {_DECLARE}")
    if root is not None:
        _put_on_path(root)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as err:
        if err.name is None or not (module_name + ".").startswith(err.name + "."):
            raise
        where = f" from {root}" if root else ""
        raise UsageError(f"Target {target!r}: no module {err.name!r} can be imported{where}. {_DECLARE}") from err
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UsageError(f"Target {target!r}: {module_name} has no function {attribute!r}. {_DECLARE}")
    return found  # type: ignore[no-any-return]


def call_target(target: TargetFunction, case: Case, left: list[Any] | None = None) -> RunResult:
    """Run the application once on a case's input.

    Args:
        target: The application.
        case: What goes in.
        left: Takes the SDK spans that ended during the run, also where the target raises.

    Raises:
        UsageError: if the case has frozen tool results and the target does not take them: running live instead could
            act on the world.
        TypeError: if the target returns something else than the protocol allows.
        Exception: whatever the target raises.
    """
    arguments: dict[str, Any] = {}
    if case.tool_results is not None:
        if not _takes_tool_results(target):
            raise UsageError(
                f"Case {case.id!r} has frozen tool results, and the target has no parameter 'tool_results'. "
                "Give it one, or set `tool_results: live` in the case."
            )
        arguments["tool_results"] = FrozenTools(result.model_dump(mode="json") for result in case.tool_results)
    with captured_spans() as spans:
        try:
            returned = target(case.input, **arguments)
            if inspect.isawaitable(returned):
                returned = _finish(returned)
        finally:
            if left is not None:
                left += spans
    return with_captured(as_run_result(returned), spans)


def _declared_in(file: Path) -> str | None:
    target = _setting(file, "target")
    if target is not None and not isinstance(target, str):
        raise BadInputError(f"{file}: target is {target!r}, not text. {_DECLARE}", where=str(file))
    return target


def _setting(file: Path, name: str) -> object:
    """What `[tool.retrospan]` says, or the top of a `retrospan.toml`."""
    try:
        with file.open("rb") as stream:
            config = tomllib.load(stream)
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInputError(f"{file}: {err}. Mend the TOML there.", where=str(file)) from None
    tool = config.get("tool", {})
    section = tool.get("retrospan", {}) if isinstance(tool, dict) else {}
    value: object = section.get(name) if isinstance(section, dict) else None
    if value is None and file.name == "retrospan.toml":
        value = config.get(name)
    return value


def _put_on_path(root: Path) -> None:
    for folder in (root / "src", root):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


def _takes_tool_results(target: TargetFunction) -> bool:
    parameters = inspect.signature(target).parameters.values()
    return any(p.name == "tool_results" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def _finish(awaitable: Any) -> Any:
    """The awaited value; in a thread of its own where this one already runs an event loop."""

    async def wait() -> Any:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    return _in_thread(wait())


def _in_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            outcome["value"] = asyncio.run(coroutine)
        except BaseException as err:
            outcome["error"] = err

    thread = threading.Thread(target=work, name="retrospan-target")
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
