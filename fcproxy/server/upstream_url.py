"""What ``--upstream`` may say, and under which origin the requests to it are stored."""

from urllib.parse import urlsplit

from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.server.loopback import is_loopback

__all__ = ["parse_upstream", "stored_origin"]


def stored_origin(config: Config) -> str | None:
    """The origin of ``config.upstream``'s requests in a cassette; None for Stripe's hosts by path."""
    if config.upstream in {"fake", "stripe"}:
        return None
    return parse_upstream(config.upstream, allow_http=config.allow_http)[1]


def parse_upstream(word: str, *, allow_http: bool = False) -> tuple[str, str | None]:
    """A base URL -> (base without a slash at its end, origin under which its requests are stored or None for Stripe's).

    Raises UsageError for what is no http(s) URL, or has credentials, a query or a fragment, and for plain http to
    another machine unless ``allow_http``.
    """
    try:
        parts = urlsplit(word)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("--upstream: not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError("--upstream: expects fake, stripe or a URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise UsageError("--upstream: no credentials in the URL; use --api-key-env")
    if parts.query or parts.fragment:
        raise UsageError("--upstream: no query and no fragment in the URL")
    if parts.netloc.endswith(":") or port == 0:
        # A script's empty variable: port 80 was not meant.
        raise UsageError("--upstream: there is no port behind the colon")
    local = is_loopback(host)
    if parts.scheme == "http" and not (local or allow_http):
        raise UsageError("--upstream: http to another machine sends the key in the clear; use https, or --allow-http")
    name = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")
    stripe = local or host == "stripe.com" or host.endswith(".stripe.com")
    return origin + parts.path.rstrip("/"), None if stripe else origin
