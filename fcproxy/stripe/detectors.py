"""What the audit looks for in Stripe traffic: rows, each with its reason and where the rule comes from.

Written apart from the redaction rules, from the same public sources: Stripe's API reference and OpenAPI document
(2026-05-27.dahlia), its guides ("docs"), the shapes that public secret scanners ship, and captures people published.
`DETECTORS` is the whole table.
"""

import re

from fcproxy.core import audit_marks as marks
from fcproxy.core.audit_rules import Detectors, HeaderRule
from fcproxy.stripe.detector_checks import basic_or_bearer, marked_address, marked_cookie, marked_header, random_ok
from fcproxy.stripe.detector_names import NAMES, names
from fcproxy.stripe.detector_shapes import SHAPES

__all__ = ["DETECTORS", "DETECTORS_VERSION", "HEADERS"]

DETECTORS_VERSION = "2"
"""Raised with every change that finds more than before."""

HEADERS: tuple[HeaderRule, ...] = (
    HeaderRule(
        "authorization-header",
        "credentials of the request",
        "RFC 9110 section 11",
        frozenset(("authorization", "proxy-authorization")),
        basic_or_bearer,
        credential=True,
    ),
    HeaderRule(
        "cookie-header",
        "a cookie or CSRF token",
        "RFC 6265",
        frozenset(
            ("cookie", "set-cookie", "cookie2", "set-cookie2", "x-stripe-csrf-token", "x-csrf-token", "x-xsrf-token")
        ),
        marked_cookie,
        credential=True,
    ),
    HeaderRule(
        "telemetry-header",
        "telemetry that names the developer's machine",
        "measured with Stripe's SDKs and CLI",
        frozenset(("x-stripe-client-telemetry", "x-stripe-client-user-agent")),
        marked_header,
    ),
    HeaderRule(
        "address-header",
        "a person's network address",
        "RFC 7239",
        frozenset(("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip")),
        marked_address,
    ),
    HeaderRule(
        "key-header",
        "a key in a header of its own",
        "published leaks",
        frozenset(
            (
                "x-api-key",
                "api-key",
                "apikey",
                "x-auth-token",
                "x-access-token",
                "private-token",
                "x-amz-security-token",
                "websocket-id",
                "x-session-token",
                "authentication",
                "x-authorization",
                "stripe-api-key",
            )
        ),
        marked_header,
        credential=True,
    ),
)

_PLAIN = """
    accept accept-encoding accept-language access-control-allow-credentials access-control-allow-headers
    access-control-allow-methods access-control-allow-origin access-control-expose-headers
    access-control-max-age age allow cache-control connection content-disposition content-encoding
    content-language content-length content-security-policy content-security-policy-report-only content-type
    cross-origin-opener-policy-report-only date etag expect expires fcproxy-body host idempotency-key
    idempotent-replayed keep-alive last-modified link location original-request pragma reporting-endpoints
    report-to request-id retry-after server stripe-account stripe-context stripe-livemode stripe-signature
    stripe-should-retry stripe-version strict-transport-security te trailer transfer-encoding upgrade user-agent
    vary via www-authenticate x-content-type-options x-stripe-routing-context-priority-tier x-wc
    x-stripe-priority-routing-enabled sec-websocket-key sec-websocket-accept sec-websocket-version x-request-id
    nel alt-svc cf-ray x-amzn-trace-id traceparent
"""

_SECRETS = names(
    "client_secret secret signing_secret webhook_secret secret_key api_key x_api_key access_token refresh_token"
    " id_token auth_token x_auth_token x_access_token bearer_token session_token device_token authentication_token"
    " auth_code password passwd private_key authorization proxy_authorization cookie set_cookie csrf_token"
    " token signature credential credentials"
)

DETECTORS = Detectors(
    version=DETECTORS_VERSION,
    shapes=SHAPES,
    names=NAMES,
    headers=HEADERS,
    plain_headers=frozenset(_PLAIN.split()),
    opaque=names("metadata headers request_headers response_headers token key sig signature nonce auth state session")
    | _SECRETS,
    secrets=_SECRETS,
    free=names("metadata"),
    telling=("token", "secret", "key", "password", "signature", "credential"),
    random_ok=random_ok,
    placeholder=marks.mark,
    roots=(
        (
            re.compile(r"/v[12]/(?:[a-z_/]*/)?(?:customers|persons|cardholders|account_persons)(?:/[A-Za-z0-9_]+)?/?"),
            "customer",
        ),
        (re.compile(r"/v1/apps/secrets(?:/[a-z]+)?/?"), "apps.secret"),
        (re.compile(r"(?:/v1)?/oauth/(?:token|authorize|deauthorize)/?"), "oauth"),
    ),
    extra={
        "false-mark": "text that poses as a placeholder but is none of the agreed forms",
        "learned": "a copy of a credential that was recognised elsewhere in the same file",
        "named-credential": "a credential named in free text",
        "unknown-token": "a random-looking token in a place where credentials stand",
        "unknown-value": "a random-looking value among a user's own data: an id, as like as not",
        "unreadable": "contents that the audit cannot open, and so cannot clear",
        "old-rules": "recorded under an older set of redaction rules",
    },
)
