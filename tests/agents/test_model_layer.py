"""Names, prices and caps of models; and that nothing of the SDK is imported before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from retrospan.agents.model import count_input_tokens, endpoint_host, make_client
from retrospan.agents.prices import find_price, published_prices, require_price
from retrospan.agents.settings import DEFAULT_MODELS, Role, choose_model
from retrospan.agents.spending import Budget, BudgetSpent, Purse, estimate_tokens
from retrospan.model.errors import BadInputError, UsageError
from retrospan.model.traces import Usage
from retrospan.store.jobs.agent_runs import Spent
from scripted_model import says, serving


@pytest.mark.parametrize(
    "module",
    [
        "agents.triage",
        "agents.judging",
        "agents.fixer",
        "agents.loop",
        "agents.bridge",
        "cli.agents.triage",
        "cli.agents.fix",
    ],
)
def test_the_sdk_is_imported_only_when_a_model_is_asked(module: str) -> None:
    script = f"import sys, retrospan.{module}; print([n for n in ('anthropic', 'mcp', 'textual') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_is_named_by_flag_environment_project_or_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_model(Role.JUDGE) == DEFAULT_MODELS[Role.JUDGE] == "claude-haiku-5-5"
    (tmp_path / ".git").mkdir()
    (tmp_path / "retrospan.toml").write_text('[tool.retrospan.agents]\njudge = "local-model"\n')
    (tmp_path / "deep").mkdir()
    assert choose_model(Role.JUDGE, folder=tmp_path / "deep") == "local-model"
    assert choose_model(Role.FIXER, folder=tmp_path / "deep") == DEFAULT_MODELS[Role.FIXER]
    monkeypatch.setenv("RETROSPAN_JUDGE_MODEL", "from-environment")
    assert choose_model(Role.JUDGE, folder=tmp_path) == "from-environment"
    assert choose_model(Role.JUDGE, "from-flag", folder=tmp_path) == "from-flag"
    with pytest.raises(UsageError, match="no model name"):
        choose_model(Role.JUDGE, "a b\x1b[31m")


def test_a_project_cannot_say_where_requests_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "retrospan.toml").write_text('[tool.retrospan.agents]\nbase_url = "http://evil.example"\njudge = 7\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    assert make_client(api_key="test").base_url.host == "api.anthropic.com"
    assert endpoint_host() == "api.anthropic.com"
    with pytest.raises(BadInputError, match="no text"):
        choose_model(Role.JUDGE, folder=tmp_path)


def test_every_default_has_a_price_with_a_date() -> None:
    assert all(find_price(model) for model in DEFAULT_MODELS.values())
    assert published_prices().as_of.year >= 2026
    assert find_price("claude-haiku-4-5-20251001") == find_price("claude-haiku-4-5")
    with pytest.raises(UsageError, match="No price is known"):
        require_price("local-model")


def test_cached_tokens_and_long_prompts_have_their_own_price() -> None:
    haiku = require_price("claude-haiku-5-5")
    assert haiku.cost_usd(Usage(100_000, 0, cache_read_tokens=100_000)) == pytest.approx(0.001)
    assert haiku.cost_usd(Usage(100_000, 1_000)) == pytest.approx(0.0105)
    assert haiku.cost_usd(Usage(100_001, 0)) == pytest.approx(0.0500005)


def test_the_user_can_add_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path))
    rates = "input = 1.0\noutput = 2.0\ncache_write = 1.0\ncache_read = 1.0\n"
    (tmp_path / "prices.toml").write_text(f"as_of = 2026-11-01\n[models.local-model]\n{rates}")
    assert require_price("local-model").cost_usd(Usage(1_000_000, 1_000_000)) == 3.0
    (tmp_path / "prices.toml").write_text("as_of = 2026-11-01\n[models.local-model]\ninput = -1.0\n")
    with pytest.raises(BadInputError, match="cannot be read"):
        find_price("local-model")


def test_requests_on_their_way_count_against_the_budget() -> None:
    purse = Purse(Budget(tokens=1_000), None)
    first = purse.hold(400, 200)
    with pytest.raises(BudgetSpent):
        purse.hold(400, 200)
    assert purse.settle(first, Usage(300, 50)).requests == 1
    assert purse.hold(400, 200)


def test_a_resumed_job_counts_what_was_spent_before() -> None:
    purse = Purse(Budget(usd=1.0), require_price("claude-sonnet-5-5"), Spent(3, Usage(1, 1), 0.99))
    with pytest.raises(BudgetSpent, match=r"\$0\.9900 of \$1\.00"):
        purse.hold(10_000, 1_000)


@pytest.mark.parametrize("text", ["word " * 400, "{'a': [1, 2, 3]}" * 40, "日本語" * 50])
def test_the_estimate_is_more_than_four_characters_a_token(text: str) -> None:
    assert estimate_tokens(text) > len(text) / 4


def test_the_endpoint_counts_tokens() -> None:
    async def count(url: str) -> int:
        async with make_client(api_key="test", base_url=url) as client:
            return await count_input_tokens(client, "m", {"messages": [{"role": "user", "content": "x" * 4_000}]})

    with serving(lambda body: says("")) as model:
        assert anyio.run(count, model.url) > 1_000
