"""What goes wrong with an upstream, in our words: the library's own texts quote the upstream's bytes."""

import asyncio
import ssl

import aiohttp
from aiohttp.http import HttpProcessingError

from fcproxy.core.errors import UpstreamFailed

__all__ = ["FAILURES", "failed"]

FAILURES = (aiohttp.ClientError, HttpProcessingError, asyncio.TimeoutError, OSError, ValueError)
"""What aiohttp's connector and parser raise."""

_KINDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (asyncio.TimeoutError, "timeout", "the upstream did not answer in time"),
    (aiohttp.ClientConnectorDNSError, "unresolved", "the upstream's host name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "tls", "the upstream's certificate is not trusted"),
    (aiohttp.ClientSSLError, "tls", "the TLS handshake with the upstream failed"),
    (ssl.SSLError, "tls", "the TLS connection to the upstream failed"),
    (aiohttp.ClientConnectorError, "refused", "no connection to the upstream"),
    (aiohttp.ClientPayloadError, "reset", "the upstream's answer was cut short"),
    (HttpProcessingError, "protocol", "the upstream's answer is not HTTP as it should be"),
    (OSError, "reset", "the upstream closed the connection before it had answered"),
    (aiohttp.ClientConnectionError, "reset", "the upstream closed the connection before it had answered"),
)
"""First row that fits counts."""


def failed(error: BaseException) -> UpstreamFailed:
    """``error``, one of `FAILURES`, as what the proxy reports."""
    for kind, word, message in _KINDS:
        if isinstance(error, kind):
            return UpstreamFailed(word, message)
    return UpstreamFailed("protocol", "the request or the answer is not HTTP as it should be")
