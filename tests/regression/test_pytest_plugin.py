"""The pytest plugin, driven as a user drives it: a real pytest over a small application folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from retrospan.model.cases import parse_case
from retrospan.services.knowledge.confirming import confirm_case
from retrospan.services.reviewing.people import distrust_reviewer
from retrospan.store.contract import Store
from retrospan.store.experiments.experiments import list_experiments
from retrospan.store.experiments.runs import runs_of
from retrospan.store.opening import open_store
from reviewdesk import Desk, untried

SHOP = """\
async def run(input):
    if "boom" in input:
        raise RuntimeError("shop closed")
    order = {"id": "A-1002", "window_days": 30}
    return {"output": "You have 14 days for A-1002.",
            "tool_calls": [{"name": "lookup_order", "arguments": {"order_id": "A-1002"}, "result": order}]}
"""
CASE = """\
id: {name}
title: A case named {name}
status: {status}
input: Order A-1002 {name}
checks:
- check: {check}
"""
CALLED = "tool_called\n  tool: lookup_order"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.retrospan]\ntarget = "shop:run"\nunsigned_cases = "run"\n'
        '[tool.pytest]\nstrict = true\ntestpaths = ["tests"]\n'
    )
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    return tmp_path


def add_case(app: Path, name: str, *, status: str = "active", check: str = CALLED) -> None:
    path = app / ".retrospan" / "cases" / f"{name}.yaml"
    path.write_text(CASE.format(name=name, status=status, check=check))


QUICKER = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")


def run_pytest(app: Path, *args: str, ci: str = "") -> tuple[int, str]:
    command = [sys.executable, "-c", "import pytest, sys; sys.exit(pytest.main())", *QUICKER, *args]
    env = {**os.environ, "CI": ci}
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, timeout=120, check=False, env=env)
    return done.returncode, done.stdout + done.stderr


def test_a_plain_run_finds_tests_and_cases_and_tells_failure_from_error(app: Path) -> None:
    add_case(app, "good")
    add_case(app, "bad", check="grounded")
    add_case(app, "boom")
    code, out = run_pytest(app)
    assert code == 1
    assert "1 failed, 2 passed, 1 error" in out
    assert "FAILED .retrospan/cases/bad.yaml::bad - bad: grounded failed" in out
    assert "✗ grounded: no tool result and no input has 14" in out
    assert "ERROR .retrospan/cases/boom.yaml::boom" in out
    assert "RuntimeError: shop closed" in out
    assert "pluggy" not in out.split("ERRORS")[1]


def test_one_case_is_addressed_by_its_node_id(app: Path) -> None:
    add_case(app, "good")
    add_case(app, "bad", check="grounded")
    code, out = run_pytest(app, ".retrospan/cases/good.yaml::good", "-v")
    assert code == 0
    assert ".retrospan/cases/good.yaml::good PASSED" in out


def test_the_status_decides_what_runs(app: Path) -> None:
    for status in ("draft", "active", "flaky", "retired"):
        add_case(app, f"is-{status}", status=status, check="grounded")
    _, out = run_pytest(app, "-rsx", ".retrospan")
    assert "1 failed, 2 skipped, 1 xfailed" in out
    assert "draft case; --retrospan-drafts runs it" in out
    assert "retired case" in out
    assert "flaky case, under quarantine" in out
    assert "1 failed, 3 deselected" in run_pytest(app, ".retrospan", "-m", "retrospan_active")[1]
    assert "2 failed, 1 skipped, 1 xfailed" in run_pytest(app, ".retrospan", "--retrospan-drafts")[1]


def sign_nothing(app: Path, *, setting: str = "") -> None:
    (app / "pyproject.toml").write_text(f'[tool.pytest]\n[tool.retrospan]\ntarget = "shop:run"\n{setting}')


def test_active_case_without_a_trusted_signature_counts_as_a_draft_and_is_told(app: Path) -> None:
    sign_nothing(app)
    add_case(app, "good")
    add_case(app, "shaky", status="flaky")
    code, out = run_pytest(app, "-rs", ".retrospan")
    assert code == 0
    assert "2 skipped" in out
    assert "counts as a draft: no signature; --retrospan-drafts runs it" in out
    assert "2 active without a trusted signature: good, shaky" in out
    assert 'set unsigned_cases = "run"' in out
    assert "2 passed" in run_pytest(app, ".retrospan", "--retrospan-drafts")[1]
    assert "2 deselected" in run_pytest(app, ".retrospan", "-m", "retrospan_active")[1]


def test_signature_of_a_stranger_is_none_and_a_trusted_one_counts(app: Path, store: Store) -> None:
    sign_nothing(app)
    add_case(app, "good")
    ada = Desk(store).reviewer()
    confirm_case(store, ada, parse_case((app / ".retrospan" / "cases" / "good.yaml").read_text()), app, untried)
    assert "1 passed" in run_pytest(app, ".retrospan")[1]

    distrust_reviewer(store, "Ada", compromised=True)
    out = run_pytest(app, "-rs", ".retrospan")[1]
    assert "1 skipped" in out and "the key of Ada was revoked" in out


def test_a_setting_that_is_neither_is_told(app: Path) -> None:
    sign_nothing(app, setting='unsigned_cases = "yes"\n')
    add_case(app, "good")
    code, out = run_pytest(app, ".retrospan")
    assert code == 2
    assert "unsigned_cases is 'yes'; write \"run\"" in out


def test_case_run_leaves_unsigned_cases_out_and_says_so(app: Path, store: Store) -> None:
    sign_nothing(app)
    add_case(app, "good")
    add_case(app, "unsigned")
    ada = Desk(store).reviewer()
    confirm_case(store, ada, parse_case((app / ".retrospan" / "cases" / "good.yaml").read_text()), app, untried)
    command = ("case", "run", "--folder", str(app), "--target", "shop:run")

    done = run(*command, "--json")
    assert (done.code, [entry["id"] for entry in done.json]) == (0, ["good"])
    assert "– unsigned counts as a draft: no signature" in done.err
    assert [entry["id"] for entry in run(*command, "--drafts", "--json").json] == ["good", "unsigned"]
    assert [entry["counts_as"] for entry in run("case", "list", "--folder", str(app), "--json").json] == [
        "active",
        "draft",
    ]


def test_repeats_report_k_of_n(app: Path) -> None:
    (app / "shop.py").write_text(
        "runs = []\ndef run(input):\n    runs.append(1)\n    return 'yes' if len(runs) % 2 else 'no'\n"
    )
    add_case(app, "coin", check="output_contains\n  text: 'yes'")
    code, out = run_pytest(app, "--retrospan-repeats", "3", "--junit-xml=out.xml")
    assert code == 1
    assert "coin: passed 2/3 runs" in out
    assert 'name="retrospan_passed" value="2/3"' in (app / "out.xml").read_text()
    assert run_pytest(app, "--retrospan-repeats", "0")[0] == 4


def test_a_broken_case_names_line_and_key(app: Path) -> None:
    add_case(app, "broken", check="tool_caled\n  tool: x")
    code, out = run_pytest(app)
    assert code == 2
    assert "broken.yaml:6: checks.0: unknown check 'tool_caled'; did you mean 'tool_called'?" in out


def test_a_missing_target_says_where_to_declare_it(app: Path) -> None:
    (app / "pyproject.toml").write_text('[tool.pytest]\n[tool.retrospan]\nunsigned_cases = "run"\n')
    (app / ".git").mkdir()
    add_case(app, "good")
    _, out = run_pytest(app, ".retrospan")
    assert "1 error" in out
    assert 'Declare it as target = "myapp.agent:run"' in out


def test_nothing_below_the_knowledge_folder_is_run_as_code(app: Path) -> None:
    add_case(app, "good")
    for folder in (app / ".retrospan", app / ".retrospan" / "cases"):
        (folder / "conftest.py").write_text("raise SystemExit('conftest ran')\n")
        (folder / "test_sneaked.py").write_text("def test_sneaked(): assert False\n")
    code, out = run_pytest(app)
    assert code == 0, out
    assert "2 passed" in out


def test_cases_run_in_parallel_workers(app: Path) -> None:
    add_case(app, "good")
    add_case(app, "bad", check="grounded")
    assert "1 failed, 2 passed" in run_pytest(app, "-n", "1")[1]


def test_a_project_without_cases_loads_nothing_of_the_product(app: Path) -> None:
    (app / "tests" / "test_own.py").write_text(
        "import sys\n\ndef test_own():\n"
        "    assert sorted(m for m in sys.modules if m.startswith('retrospan.')) ==\\\n"
        "        ['retrospan.regression', 'retrospan.regression.protocol', 'retrospan.regression.pytest_plugin',\\\n"
        "         'retrospan.regression.strictness']\n"
    )
    code, out = run_pytest(app)
    assert code == 0, out


HEAVY = {"textual", "anthropic", "mcp", "sqlalchemy", "numpy", "pydantic", "yaml", "opentelemetry", "networkx"}


def test_the_plugin_imports_nothing_heavy() -> None:
    program = (
        "import pytest, sys; before = set(sys.modules); import retrospan.regression.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & {name.split(".")[0] for name in out.split()}
    assert len(out.split()) < 10


def test_running_a_case_loads_neither_screens_nor_models(app: Path) -> None:
    add_case(app, "good")
    (app / "shop.py").write_text(
        SHOP + "    \n" + "import sys, atexit\natexit.register(lambda: print('LOADED', *sorted(sys.modules)))\n"
    )
    code, out = run_pytest(app, "-s", ".retrospan")
    assert code == 0, out
    loaded = {name.split(".")[0] for name in re.findall(r"LOADED (.*)", out)[0].split()}
    assert not loaded & {"textual", "anthropic", "mcp", "sqlalchemy", "numpy"}


def test_in_ci_an_active_case_that_was_not_run_or_not_decided_fails(app: Path) -> None:
    add_case(app, "judged", check="judge\n  question: Is it kind?")
    assert run_pytest(app)[0] == 0
    code, out = run_pytest(app, ci="true")
    assert code == 1
    assert "an active case could not be decided" in out
    (app / "pyproject.toml").write_text('[tool.retrospan]\ntarget = "shop:run"\n[tool.pytest]\nstrict = true\n')
    code, out = run_pytest(app, ".retrospan/cases/judged.yaml", "--retrospan-strict")
    assert code == 1
    assert "an active case was not run: it counts as a draft" in out


def test_runs_are_kept_where_a_store_is_named(app: Path, tmp_path: Path) -> None:
    add_case(app, "good")
    add_case(app, "bad", check="grounded")
    run_pytest(app, "--retrospan-repeats", "2", "--retrospan-store", str(tmp_path / "runs.db"))
    with open_store(tmp_path / "runs.db") as kept:
        (experiment,) = list_experiments(kept)
        runs = runs_of(kept, experiment.id)
    assert sorted((run.key.case_id, run.key.repeat, run.outcome) for run in runs) == [
        ("bad", 0, "failed"),
        ("bad", 1, "failed"),
        ("good", 0, "passed"),
        ("good", 1, "passed"),
    ]
    assert experiment.state == "done"
    assert {run.target.version for run in runs} == {"shop:run"}
