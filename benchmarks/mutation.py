"""Do the tests notice when the heart of the product is changed? Small edits, made by cosmic-ray, a fair sample a room.

    python benchmarks/mutation.py [--each 40] [--room analysis/alignment.py …]

The tests of a room are collected once. Each mutant is tried in a fork, where functions get their changed code, so that
one costs what its tests cost; no file is touched. Killed is a mutant that some test notices, or that never ends. Edits
of class bodies (defaults of fields) are not tried. Survivors are named, for a person to judge: some change nothing that
anybody could see.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from intervals import rate

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261130
ROOMS: Mapping[str, Sequence[str]] = {
    "analysis/alignment.py": ("tests/analysis/test_alignment.py",),
    "analysis/suspects.py": ("tests/analysis/test_suspects.py",),
    "store/traces/commit.py": ("tests/store/contract/test_commit.py",),
    "model/reading/folding.py": ("tests/model/reading",),
    "trust/verdicts.py": ("tests/trust/test_verdicts.py", "tests/services/reviewing/test_what_is_signed.py"),
    "services/reviewing/deciding.py": (
        "tests/services/reviewing/test_deciding.py",
        "tests/services/reviewing/test_what_is_signed.py",
        "tests/services/reviewing/test_asking.py",
    ),
    "regression/checks.py": ("tests/regression/test_checks.py",),
    "ingest/conventions/genai.py": ("tests/ingest/conventions",),
}
"""What is mutated, and the tests that have to notice, the likeliest first."""
_TELLING = (
    *("ReplaceComparisonOperator_", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot", "NumberReplacer"),
    *("ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Add_Sub", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *(
        "ReplaceContinueWithBreak",
        "ReplaceBreakWithContinue",
        "ZeroIterationForLoop",
        "ReplaceUnaryOperator_Delete_Not",
    ),
)
"""Operators whose mutants a person could have written; `-` for `>>` nobody writes, nor `is` for `<`."""
_QUICK = ["-n", "0", "-p", "no:cacheprovider", "-p", "no:terminal", "--import-mode=importlib", "-o", "addopts="]
_CPU_SECONDS, _SECONDS = 60, 600
"""After which a mutant is taken to run for ever."""


class Mutant(NamedTuple):
    """One edit, as cosmic-ray names it."""

    operator: str
    occurrence: int
    line: int

    @property
    def name(self) -> str:
        return f"{self.line} {self.operator.partition('/')[2]} #{self.occurrence}"


class Mutated(NamedTuple):
    """What became of the mutants of one room."""

    room: str
    killed: int
    survivors: list[str]

    @property
    def told(self) -> int:
        return self.killed + len(self.survivors)


def mutate(room: str, tests: Sequence[str], each: int) -> Mutated:
    """Try a sample of mutants of one room; its tests have to pass where nothing is changed."""
    trial = Trial(room, _sample(room, each))
    pytest.main([*_QUICK, "-m", "not slow and not peers", *tests], plugins=[trial])
    if not trial.sound:
        raise SystemExit(f"The tests of {room} fail without any mutant: {' '.join(tests)}")
    return Mutated(room, trial.tried - len(trial.survivors), trial.survivors)


class Trial:
    """Runs the collected tests once for each mutant, in the place of pytest's own loop."""

    def __init__(self, room: str, sample: Sequence[Mutant]) -> None:
        self.room, self.sample = room, sample
        self.sound, self.tried = False, 0
        self.survivors: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        name = "retrospan." + self.room.removesuffix(".py").replace("/", ".")
        module, code = importlib.import_module(name), (ROOT / self.room).read_text()
        self.sound = _passes(session)
        for mutant in self.sample if self.sound else ():
            changed = mutate_code(code, get_operator(mutant.operator)(), mutant.occurrence)
            assert changed is not None, mutant
            if _in_class_body(code, changed, str(module.__file__)):
                continue
            self.tried += 1
            if _passes(session, module, changed):
                self.survivors.append(f"{self.room}:{mutant.name}")
                print(f"  survives: {self.survivors[-1]}", file=sys.stderr, flush=True)
        return True


def _passes(session: pytest.Session, module: ModuleType | None = None, changed: str = "") -> bool:
    child = os.fork()
    if child == 0:
        _run(session, module, changed)
    return os.waitpid(child, 0)[1] == 0


def _run(session: pytest.Session, module: ModuleType | None, changed: str) -> None:
    """The tests up to the first that fails, in this process; does not return."""
    code = 1
    try:
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(silent, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        signal.alarm(_SECONDS)
        if module is not None:
            change(module, changed)
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                break
        code = min(session.testsfailed, 1)
    finally:
        os._exit(code)


def change(module: ModuleType, source: str) -> None:
    """Give what is imported already of a module the code and the constants of another source of it."""
    path = str(module.__file__)
    new = compile(source, path, "exec")
    codes = dict(_functions(new))
    for function in [entry for entry in gc.get_objects() if isinstance(entry, FunctionType)]:
        if function.__code__.co_filename == path and (code := codes.get(_place(function.__code__))):
            function.__code__ = code
    if _own(new) != _own(compile(Path(path).read_text(), path, "exec")):
        made = {name: vars(module)[name] for name in ("__name__", "__package__", "__file__", "__spec__")}
        exec(new, made)
        for name, value in made.items():
            known = vars(module).get(name)
            if isinstance(known, FunctionType) and isinstance(value, FunctionType):
                known.__defaults__, known.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
            elif not isinstance(value, type) and not callable(value):
                vars(module)[name] = value


def _functions(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield _place(inner), inner
            yield from _functions(inner)


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _own(code: CodeType) -> tuple[bytes, tuple[object, ...], tuple[str, ...]]:
    """What a block does itself, without the functions and classes in it."""
    return code.co_code, tuple(c for c in code.co_consts if not isinstance(c, CodeType)), code.co_names


def _in_class_body(old: str, new: str, path: str) -> bool:
    """Is it a class body that differs: code without a name of its own for `__code__` to replace?"""
    before, after = (_class_bodies(compile(source, path, "exec")) for source in (old, new))
    return before != after


def _class_bodies(code: CodeType) -> dict[str, list[object]]:
    found: dict[str, list[object]] = defaultdict(list)
    for (name, _), inner in _functions(code):
        if "__module__" in inner.co_names and "__qualname__" in inner.co_names:
            found[name].append(_own(inner))
    return found


def _sample(room: str, each: int) -> list[Mutant]:
    with tempfile.TemporaryDirectory() as folder:
        config, session = Path(folder) / "mutation.toml", Path(folder) / "mutation.sqlite"
        config.write_text(
            f'[cosmic-ray]\nmodule-path = "{room}"\ntimeout = 60\nexcluded-modules = []\n'
            'test-command = ""\n[cosmic-ray.distributor]\nname = "local"\n'
        )
        tool = str(Path(sys.executable).with_name("cosmic-ray"))
        subprocess.run([tool, "init", str(config), str(session)], cwd=ROOT, check=True, capture_output=True)
        with sqlite3.connect(session) as con:
            rows = con.execute("SELECT operator_name, occurrence, start_pos_row FROM mutation_specs").fetchall()
    known = sorted(Mutant(*row) for row in rows if _is_telling(row[0].partition("/")[2]))
    return sorted(random.Random(SEED).sample(known, min(each, len(known))), key=lambda mutant: mutant.line)


def _is_telling(operator: str) -> bool:
    *_, before, after = ["", *operator.split("_")]
    return operator.startswith(_TELLING) and (not after.startswith("Is") or before.startswith("Is"))


def _rate(killed: int, told: int) -> str:
    return str(rate([True] * killed + [False] * (told - killed)))


def main() -> None:
    """Print a row a room, then every survivor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--room", action="append", choices=list(ROOMS))
    options = parser.parse_args()
    os.chdir(ROOT)
    found = []
    for room in options.room or ROOMS:
        found.append(mutate(room, ROOMS[room], options.each))
        print(f"{room:<36} killed {_rate(found[-1].killed, found[-1].told)}", flush=True)
    killed, told = sum(entry.killed for entry in found), sum(entry.told for entry in found)
    print(f"{'all':<36} killed {_rate(killed, told)}")
    for entry in found:
        print("\n".join(entry.survivors))


if __name__ == "__main__":
    main()
