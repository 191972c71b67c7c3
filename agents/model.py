"""The way to a Messages API: made when it is first used, since the SDK takes two seconds to import.

The endpoint and the key come from the environment (`ANTHROPIC_BASE_URL`, `ANTHROPIC_API_KEY` or
`ANTHROPIC_AUTH_TOKEN`) or from the caller, never from a project.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..model.errors import RetrospanError, UsageError
from ..model.extras import require_extra
from ..model.text.display import safe_line
from ..model.traces import Usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

MAX_RETRIES = 4
"""Of a request that was refused for load (429, 529) or did not arrive; the SDK keeps to `retry-after`."""
_REQUEST_SECONDS = 180.0
_LATER = (408, 409, 429)
_DEFAULT_HOST = "api.anthropic.com"
WITHOUT_A_KEY = (
    "Without one, `retrospan suspects` and `retrospan signals` find where runs went wrong, and an assistant that "
    "you already have can investigate through `retrospan mcp`."
)


class NoKeyError(UsageError):
    """There is no key to ask a model with."""


class ModelError(RetrospanError):
    """The endpoint refuses every request: a wrong key, no credit, an unknown model."""

    exit_code = 3


class RequestFailedError(RetrospanError):
    """One request failed, after its retries; others may pass.

    Attributes:
        later: Whether the same request may pass later: load, a lost connection. Else it is refused for what it holds.
    """

    exit_code = 3

    def __init__(self, message: str, *, later: bool = True) -> None:
        self.later = later
        super().__init__(message)


def make_client(
    *, api_key: str | None = None, base_url: str | None = None, max_retries: int = MAX_RETRIES
) -> AsyncAnthropic:
    """A client of the Messages API.

    Args:
        api_key: None takes what the environment or the SDK's own profile says.
        base_url: None takes `ANTHROPIC_BASE_URL`, else Anthropic's own.
        max_retries: Of one request.

    Raises:
        NotInstalledError: if the SDK is not installed.
        NoKeyError: if there is no key anywhere.

    Cost: two seconds for the first call, which imports the SDK.
    """
    require_extra("agents")
    import anthropic

    if not os.environ.get("ANTHROPIC_LOG"):
        # Its log would print what models and tools say, past the render gate.
        logging.getLogger("anthropic").setLevel(logging.CRITICAL + 1)
    client = anthropic.AsyncAnthropic(
        api_key=api_key,
        base_url=base_url,
        max_retries=max_retries,
        timeout=_REQUEST_SECONDS,
        # The transcript tells more than the SDK's spans would, and they could reach an exporter of the host process.
        open_telemetry={"traces": {"enabled": False}},
    )
    if not (client.api_key or client.auth_token or client.credentials):
        raise NoKeyError(f"No key to ask a model with. Set ANTHROPIC_API_KEY. {WITHOUT_A_KEY}")
    return client


def endpoint_host(base_url: str | None = None) -> str:
    """The host that trace text is sent to, for the record."""
    named = base_url or os.environ.get("ANTHROPIC_BASE_URL")
    return (urlsplit(named).hostname or "unknown") if named else _DEFAULT_HOST


@contextmanager
def explained() -> Iterator[None]:
    """Turn the SDK's errors into ours.

    Raises:
        ModelError: if no other request will pass either.
        RequestFailedError: if this one did not.
    """
    import anthropic

    try:
        yield
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError, anthropic.PaymentRequiredError) as err:
        raise ModelError(f"The model's endpoint refuses this key: {_said(err)}. Check ANTHROPIC_API_KEY.") from err
    except anthropic.NotFoundError as err:
        raise ModelError(f"The endpoint has no such model: {_said(err)}. Name another with --model.") from err
    except anthropic.APIStatusError as err:
        later = err.status_code >= 500 or err.status_code in _LATER
        raise RequestFailedError(
            f"The model's endpoint answered {err.status_code}: {_said(err)}.", later=later
        ) from err
    except anthropic.APIError as err:
        raise RequestFailedError(f"The model's endpoint did not answer: {_said(err)}.") from err
    except anthropic.AnthropicError as err:
        raise ModelError(f"The key cannot be used: {_said(err)}.") from err


def _said(err: Exception) -> str:
    body = getattr(err, "body", None)
    inner = body.get("error") if isinstance(body, Mapping) else None
    message = inner.get("message") if isinstance(inner, Mapping) else None
    return safe_line(str(message or err), 200).rstrip(".")


def usage_of(raw: Any) -> Usage:
    """Tokens as the Messages API counts them, cached ones beside the others, in our form that includes them."""
    read = getattr(raw, "cache_read_input_tokens", None) or 0
    written = getattr(raw, "cache_creation_input_tokens", None) or 0
    return Usage(
        input_tokens=(getattr(raw, "input_tokens", None) or 0) + read + written,
        output_tokens=getattr(raw, "output_tokens", None) or 0,
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


async def count_input_tokens(client: AsyncAnthropic, model: str, request: Mapping[str, Any]) -> int:
    """The endpoint's own count of a request's tokens; sends the request's content, and is not billed.

    Raises:
        ModelError, RequestFailedError: if the endpoint does not answer.
    """
    with explained():
        counted = await client.messages.count_tokens(model=model, **request)
    return counted.input_tokens
