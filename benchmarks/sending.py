"""Export requests over real OTLP/HTTP to a server that runs: Retrospan's, Phoenix's or MLflow's."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

_RETRY_S = 0.2
_BUSY = (429, 503)


def send(url: str, bodies: Iterable[bytes]) -> None:
    """Post each body until it is taken.

    Raises:
        SystemExit: if the server refuses one.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    headers = {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": "0"}
    for body in bodies:
        while (status := _posted(connection, body, headers)) in _BUSY:
            time.sleep(_RETRY_S)
        if status != 200:
            raise SystemExit(f"{url} answered {status}.")
    connection.close()


def _posted(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/v1/traces", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status
