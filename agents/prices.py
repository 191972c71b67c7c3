"""What tokens cost: a table with a date, and the user's own prices for other endpoints."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError, UsageError
from ..model.traces import Usage
from ..trust.files import read_bounded
from ..trust.folders import config_folder

_DATED = re.compile(r"-\d{8}$")
_MILLION = 1_000_000
_LIMIT = 1 << 16
OWN_PRICES = "prices.toml"


class Rates(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_write: float = Field(ge=0)
    cache_read: float = Field(ge=0)

    def cost_usd(self, usage: Usage) -> float:
        plain = max(usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens, 0)
        return (
            plain * self.input
            + usage.cache_write_tokens * self.cache_write
            + usage.cache_read_tokens * self.cache_read
            + usage.output_tokens * self.output
        ) / _MILLION


class LongPrompt(Rates):
    """Rates of a request whose whole prompt is longer than `above` tokens."""

    above: int = Field(gt=0)


class Price(Rates):
    """What one model costs."""

    long_prompt: LongPrompt | None = None

    def cost_usd(self, usage: Usage) -> float:
        """US dollars of one request."""
        if self.long_prompt is not None and usage.input_tokens > self.long_prompt.above:
            return self.long_prompt.cost_usd(usage)
        return super().cost_usd(usage)

    def most_usd(self, input_tokens: int, output_tokens: int) -> float:
        """What a request costs at most: nothing of its prompt is read from the cache, all is written to it."""
        return self.cost_usd(Usage(input_tokens, output_tokens, cache_write_tokens=input_tokens))


class PriceTable(BaseModel):
    """Prices by model name, and the day they were looked up."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    as_of: date
    models: dict[str, Price]


@cache
def published_prices() -> PriceTable:
    """The prices that came with this version."""
    return PriceTable.model_validate(tomllib.loads(files(__package__).joinpath(OWN_PRICES).read_text()))


def find_price(model: str) -> Price | None:
    """The price of a model, with or without a date in its name; None where none is known.

    The user's own file counts first. Projects cannot set prices: a budget in money rests on them.
    """
    own = _own_prices()
    for table in ([own] if own else []) + [published_prices()]:
        for name in (model, _DATED.sub("", model)):
            if name in table.models:
                return table.models[name]
    return None


def require_price(model: str) -> Price:
    """The price of a model.

    Raises:
        UsageError: if none is known, so that a budget in money would mean nothing.
    """
    price = find_price(model)
    if price is None:
        raise UsageError(
            f"No price is known for the model {model!r}, so a budget in money cannot be kept. Give one with "
            f"--budget-tokens, or add the model to {config_folder() / OWN_PRICES}."
        )
    return price


def _own_prices() -> PriceTable | None:
    path: Path = config_folder() / OWN_PRICES
    if not path.is_file():
        return None
    try:
        return PriceTable.model_validate(tomllib.loads(read_bounded(path, _LIMIT).decode()))
    except (ValueError, ValidationError) as err:
        raise BadInputError(f"{path} cannot be read: {err}. It has as_of and [models.NAME] tables.") from err
