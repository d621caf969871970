"""The page for people: three static files. What they show comes from the control API, as text."""

from collections.abc import Mapping

from fcproxy.core.message import Headers, Response

__all__ = ["FILES", "page"]

FILES: Mapping[str, tuple[str, str]] = {
    "": ("index.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
}
"""Path below the reserved prefix -> file, media type."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def page(path: str) -> Response:
    """One of `FILES`. No inline script runs, nothing may frame it, nothing is kept by the browser."""
    name, media_type = FILES[path]
    from importlib.resources import files

    body = files("fcproxy.server").joinpath("web", name).read_bytes()
    headers = Headers(
        [
            ("Content-Type", media_type),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ]
    )
    return Response(200, headers, body, "OK")
