"""Which products there are connectors for."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...model.errors import UsageError, did_you_mean
from .base import Connector

PRODUCTS = ("phoenix",)


def open_connector(product: str, url: str, api_key: str | None = None) -> Connector:
    """A connector to a product at an address.

    Raises:
        UsageError: if the product is unknown, its client is not installed, or the address is none.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise UsageError(f"{url!r} is no address; write it as http://127.0.0.1:6006.")
    if product == "phoenix":
        from .phoenix import PhoenixConnector

        return PhoenixConnector(url, api_key)
    raise UsageError(f"No connector for {product!r}: {did_you_mean(product, PRODUCTS)}")
