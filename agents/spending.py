"""Caps that hold in code: tokens and money over a whole job, and turns, tokens and time over one conversation."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.traces import Usage
from ..store.jobs.agent_runs import Spent
from .prices import Price

_BYTES_PER_TOKEN = 2.5
"""Fewer than any text of ours has, so that an estimate is an upper bound."""


class BudgetSpent(Exception):
    """The next request could pass the budget, so it is not sent."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a job may take in all. None is no limit of that kind."""

    usd: float | None = None
    tokens: int | None = None
    """Input and output together."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one conversation may take."""

    turns: int = 12
    """Requests to the model."""
    output_tokens: int = 8_192
    """Of one reply, thinking included."""
    input_tokens: int = 60_000
    """Of one request."""
    seconds: float = 300.0
    """Whole conversation, retries and waiting included."""


@dataclass(slots=True)
class Hold:
    """Room kept for a request that is on its way."""

    input_tokens: int
    output_tokens: int
    usd: float


class Purse:
    """What is left of a budget. Requests on their way count in full, so that parallel ones cannot pass it together.

    Args:
        budget: What the job may take.
        price: Of the model; None where it is not known, and then only tokens are capped.
        spent: What former processes took for the same job.
    """

    def __init__(self, budget: Budget, price: Price | None, spent: Spent = Spent()) -> None:  # noqa: B008
        self.budget = budget
        self.price = price
        self.spent = spent
        self._held: list[Hold] = []

    def hold(self, input_tokens: int, output_tokens: int) -> Hold:
        """Keep room for a request that takes at most this.

        Raises:
            BudgetSpent: if it could pass the budget.
        """
        usd = self.price.most_usd(input_tokens, output_tokens) if self.price else 0.0
        taken = self.spent.usage.input_tokens + self.spent.usage.output_tokens
        taken += sum(held.input_tokens + held.output_tokens for held in self._held)
        if self.budget.tokens is not None and taken + input_tokens + output_tokens > self.budget.tokens:
            raise BudgetSpent(f"{taken} of {self.budget.tokens} tokens are used")
        paid = self.spent.cost_usd + sum(held.usd for held in self._held)
        if self.budget.usd is not None and paid + usd > self.budget.usd:
            raise BudgetSpent(f"${paid:.4f} of ${self.budget.usd:.2f} are used")
        held = Hold(input_tokens, output_tokens, usd)
        self._held.append(held)
        return held

    def settle(self, held: Hold, usage: Usage) -> Spent:
        """Replace what was kept by what the request took; returns that."""
        took = Spent(1, usage, self.price.cost_usd(usage) if self.price else 0.0)
        self.release(held)
        self.spent = self.spent.plus(took)
        return took

    def release(self, held: Hold) -> None:
        """Give back what was kept for a request that was not billed."""
        self._held = [other for other in self._held if other is not held]


def estimate_tokens(data: bytes | str) -> int:
    """An upper bound of the tokens of a text.

    >>> estimate_tokens("refund window")
    6
    """
    size = len(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else len(data)
    return int(size / _BYTES_PER_TOKEN) + 1
