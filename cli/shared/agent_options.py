"""What the commands share that ask a model: caps, resuming, estimates, and a client closed at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...model.errors import UsageError
from .output import echo

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

    from ...agents.settings import Role
    from ...agents.spending import Budget
    from ...agents.triage import Estimate
    from ...store.jobs.agent_runs import Spent

T = TypeVar("T")
DEFAULT_USD = 1.00
"""What a job may cost unless told otherwise, so that no slip is dear."""
DEFAULT_TOKENS = 1_000_000
"""What the cases of one run may take where the model's price is not known."""


@dataclass(frozen=True, slots=True)
class AgentRun:
    """The shared options of one command."""

    model: str | None
    budget_usd: float | None
    budget_tokens: int | None
    parallel: int
    seconds: float | None
    dry_run: bool
    resume: bool

    def resumed_model(self, kept: str) -> str:
        """The model of the job that goes on.

        Raises:
            UsageError: if another one is asked for: its answers would not compare.
        """
        if self.model not in (None, kept):
            raise UsageError(f"That job began with {kept}. Leave --model out, or start a new job without --resume.")
        return kept

    def choose_model(self, role: Role) -> str:
        """The model from flag, environment, project or default."""
        from ...agents.settings import choose_model

        return choose_model(role, self.model, folder=Path.cwd())

    def budget(self, model: str) -> Budget:
        """The budget of the job: one dollar unless told otherwise, where the model has a price.

        Raises:
            UsageError: if a budget in money is asked for a model without a price, or there would be none at all.
        """
        from ...agents.prices import find_price, require_price
        from ...agents.spending import Budget

        if self.budget_usd is not None:
            require_price(model)
            return Budget(self.budget_usd, self.budget_tokens)
        if find_price(model) is not None:
            return Budget(DEFAULT_USD, self.budget_tokens)
        if self.budget_tokens is None:
            require_price(model)
        return Budget(None, self.budget_tokens)


def agent_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--model`, `--budget-usd`, `--budget-tokens`, `--parallel`, `--max-minutes`, `--dry-run`, `--resume` as `run`."""

    def collected(**options: Any) -> Any:
        minutes = options.pop("max_minutes")
        names = ("model", "budget_usd", "budget_tokens", "parallel", "dry_run", "resume")
        given = {name: options.pop(name) for name in names}
        if given["resume"] and given["dry_run"]:
            raise UsageError("--resume and --dry-run do not go together. A dry run starts nothing to go on with.")
        return command(run=AgentRun(seconds=minutes * 60 if minutes else None, **given), **options)

    collected.__name__, collected.__doc__ = command.__name__, command.__doc__
    collected.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        option(collected)
    return collected


_OPTIONS = (
    click.option("--model", help="The model to ask (default: environment, retrospan.toml, then the role's own)."),
    click.option(
        "--budget-usd",
        type=click.FloatRange(0.0, min_open=True),
        help=f"Money for the job [default: {DEFAULT_USD:.2f}]",
    ),
    click.option("--budget-tokens", type=click.IntRange(1), help="Input and output tokens for the job."),
    click.option("--parallel", default=4, show_default=True, type=click.IntRange(1, 32), help="Runs at a time."),
    click.option("--max-minutes", type=click.FloatRange(0.0, min_open=True), help="Stop after so long."),
    click.option("--dry-run", is_flag=True, help="Say what would be done and about what it costs; ask nobody."),
    click.option("--resume", is_flag=True, help="Go on with the job that was stopped or killed."),
)


def with_client(run: AgentRun, work: Callable[[AsyncAnthropic], Awaitable[T]]) -> T:
    """Run `work` with a client of the Messages API.

    Raises:
        NoKeyError: if there is no key.
    """
    import anyio

    from ...agents.model import make_client

    async def main() -> T:
        async with make_client() as client:
            return await work(client)

    return anyio.run(main)


def spent_json(spent: Spent) -> dict[str, Any]:
    """What was spent, as printed."""
    return {
        "requests": spent.requests,
        "input_tokens": spent.usage.input_tokens,
        "output_tokens": spent.usage.output_tokens,
        "cache_read_tokens": spent.usage.cache_read_tokens,
        "cost_usd": round(spent.cost_usd, 6),
    }


def print_spent(spent: Spent) -> None:
    """What was spent, in a line."""
    usage = spent.usage
    money = f"${spent.cost_usd:.4f}" if spent.cost_usd else "cost unknown"
    echo(f"\n{spent.requests} requests, {usage.input_tokens} input and {usage.output_tokens} output tokens, {money}.")


def estimate_json(guess: Estimate, model: str) -> dict[str, Any]:
    """An estimate, as printed."""
    return {
        "dry_run": True,
        "model": model,
        "traces": guess.traces,
        "input_tokens": guess.usage.input_tokens,
        "output_tokens": guess.usage.output_tokens,
        "cost_usd": None if guess.cost_usd is None else round(guess.cost_usd, 4),
        "measured_on": guess.measured,
    }


def print_estimate(guess: Estimate, model: str) -> None:
    """An estimate, in two lines."""
    from ...agents.prices import published_prices

    basis = f"after {guess.measured} former ones" if guess.measured else "a guess, since none was made here yet"
    money = "no price known" if guess.cost_usd is None else f"about ${guess.cost_usd:.2f}"
    echo(f"{guess.traces} runs with {model}: {money} ({basis}; prices of {published_prices().as_of}).")
    echo(f"About {guess.usage.input_tokens} input and {guess.usage.output_tokens} output tokens.")
