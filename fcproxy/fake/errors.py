"""What the fake refuses, as values: one table of status, type, code and text.

Source: docs.stripe.com/error-codes and published answers. Texts that no published answer shows are our own choice;
status, type, code and param are what callers may rely on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["ERRORS", "RETRY", "VALIDATION", "ApiError", "StripeError", "invalid", "refuse"]


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error answer before it is written. ``message`` of a table row is a template for str.format."""

    status: int
    type: str
    code: str | None
    message: str
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    executed: bool = True
    """Whether work had begun when a rule refused, so that an idempotency key keeps this answer."""


class StripeError(Exception):
    """An answer that refuses. Carries an ApiError out of the rules that found it."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.code or error.type)
        self.error = error


_REQUEST = "invalid_request_error"
RETRY = (("Stripe-Should-Retry", "true"),)
"""The header that tells an SDK to try again."""
_EMPTY = (
    "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; however "
    "'{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value."
)
_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing "
    "it. If you see this error intermittently, retry the request. If you see this error frequently and are making "
    "multiple concurrent requests to a single object, make your requests serially or at a lower rate."
)
_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or "
    "we can help at https://support.stripe.com/."
)
_ROUTE = (
    "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
    "https://support.stripe.com/."
)
_KEY_PARAMETERS = (
    "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a "
    "key other than '{key}' if you meant to execute a different request."
)
_KEY_ENDPOINT = (
    "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs "
    "'{first}'). Try using a key other than '{key}' if you meant to execute a different request."
)

ERRORS: Mapping[str, ApiError] = {
    # who is asking
    "no_key": ApiError(401, _REQUEST, None, _NO_KEY, headers=(("WWW-Authenticate", 'Basic realm="Stripe"'),)),
    "bad_key": ApiError(401, _REQUEST, None, "Invalid API Key provided: {key}"),
    "expired_key": ApiError(401, _REQUEST, "api_key_expired", "Expired API Key provided: {key}"),
    "publishable_key": ApiError(
        401,
        _REQUEST,
        "secret_key_required",
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
        "your API keys at https://dashboard.stripe.com/account/apikeys.",
    ),
    "permission": ApiError(
        403,
        _REQUEST,
        None,
        "The provided key '{key}' does not have the required permissions for this endpoint on account '{account}'. It "
        "needs the permission '{permission}'.",
    ),
    "account": ApiError(
        403,
        _REQUEST,
        "account_invalid",
        "The provided key '{key}' does not have access to account '{account}' (or that account does not exist). "
        "Application access may have been revoked.",
    ),
    "context_needed": ApiError(
        400, _REQUEST, None, "Organization keys need the headers Stripe-Context and Stripe-Version."
    ),
    "context_and_account": ApiError(
        400, _REQUEST, None, "Stripe-Account and Stripe-Context cannot both be given in one request."
    ),
    # what is asked
    "version": ApiError(400, _REQUEST, None, "Invalid Stripe API version: {value}"),
    "version_needed": ApiError(400, _REQUEST, None, "Requests to /v2/ need the header Stripe-Version."),
    "json": ApiError(400, _REQUEST, None, "The body is not JSON."),
    "route": ApiError(404, _REQUEST, None, _ROUTE, headers=(("Fcproxy-Fake", "unknown-route"),)),
    "method": ApiError(405, _REQUEST, None, _ROUTE),
    "content_type": ApiError(
        400,
        _REQUEST,
        None,
        "Invalid request: this endpoint takes {wanted} parameters, not {value}.",
    ),
    "encoding": ApiError(400, _REQUEST, None, "Invalid UTF-8 in the request's parameters."),
    "missing": ApiError(404, _REQUEST, "resource_missing", "No such {words}: '{id}'{hint}"),
    "missing_reference": ApiError(400, _REQUEST, "resource_missing", "No such {words}: '{id}'{hint}"),
    # parameters
    "parameter_missing": ApiError(400, _REQUEST, "parameter_missing", "Missing required param: {param}."),
    "parameter_unknown": ApiError(400, _REQUEST, "parameter_unknown", "Received unknown parameter{s}: {names}"),
    "parameter_invalid_empty": ApiError(400, _REQUEST, "parameter_invalid_empty", _EMPTY),
    "parameter_invalid_integer": ApiError(400, _REQUEST, "parameter_invalid_integer", "Invalid integer: {value}"),
    "integer_low": ApiError(
        400, _REQUEST, "parameter_invalid_integer", "This value must be greater than or equal to {bound}."
    ),
    "integer_high": ApiError(
        400, _REQUEST, "parameter_invalid_integer", "This value must be less than or equal to {bound}."
    ),
    "choice": ApiError(400, _REQUEST, None, "Invalid {param}: must be {choices}"),
    "boolean": ApiError(400, _REQUEST, None, "Invalid boolean: {value}"),
    "decimal": ApiError(400, _REQUEST, None, "Invalid decimal: {value}"),
    "string": ApiError(400, _REQUEST, None, "Invalid string: {param} must be a single value"),
    "too_long": ApiError(400, _REQUEST, None, "Invalid string: {head}...{tail}; must be at most {bound} characters"),
    "pattern": ApiError(400, _REQUEST, None, "Invalid {param}: {value}"),
    "array": ApiError(400, _REQUEST, None, "Invalid array"),
    "too_many": ApiError(400, _REQUEST, None, "Invalid array: {param} may have at most {bound} elements"),
    "object": ApiError(400, _REQUEST, None, "Invalid object"),
    "exclusive": ApiError(
        400, _REQUEST, "parameters_exclusive", "You may only specify one of these parameters: {names}."
    ),
    "one_needed": ApiError(400, _REQUEST, "parameter_missing", "You must specify one of these parameters: {names}."),
    "not_allowed": ApiError(400, _REQUEST, None, "You cannot set `{param}` here: {why}"),
    "url": ApiError(400, _REQUEST, "url_invalid", "Not a valid URL"),
    "email": ApiError(400, _REQUEST, "email_invalid", "Invalid email address: {value}"),
    "currency": ApiError(
        400, _REQUEST, None, "Invalid currency: {value}. This is not a currency that Stripe supports."
    ),
    "country": ApiError(
        400,
        _REQUEST,
        "country_code_invalid",
        "Country '{value}' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', "
        "or 'GB'.",
    ),
    "metadata_count": ApiError(400, _REQUEST, None, "Metadata can have at most {bound} keys"),
    "metadata_key": ApiError(
        400, _REQUEST, None, "Metadata keys can have up to {bound} characters, without square brackets"
    ),
    "metadata_value": ApiError(
        400,
        _REQUEST,
        None,
        "Metadata values can have up to {bound} characters, but you passed in a value that is {length} characters.",
    ),
    "expand": ApiError(400, _REQUEST, None, "This property cannot be expanded ({path})."),
    "expand_hint": ApiError(
        400,
        _REQUEST,
        None,
        "This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead.",
    ),
    "expand_depth": ApiError(
        400, _REQUEST, None, "You cannot expand more than {bound} levels of a property (property: {path})."
    ),
    # idempotency
    "key_length": ApiError(
        400, _REQUEST, None, "Idempotency keys may have at most {bound} characters, and yours has {length}."
    ),
    "key_parameters": ApiError(400, "idempotency_error", None, _KEY_PARAMETERS),
    "key_endpoint": ApiError(400, "idempotency_error", None, _KEY_ENDPOINT),
    "key_in_use": ApiError(
        409,
        "idempotency_error",
        "idempotency_key_in_use",
        "There is currently another in-progress request using this Idempotency Key (that probably means you submitted "
        "twice, and the other request is still going through): {key}. You should retry your request.",
        headers=RETRY,
    ),
    # states
    "state": ApiError(400, _REQUEST, None, "{message}"),
    "lock": ApiError(429, _REQUEST, "lock_timeout", _LOCKED, headers=RETRY),
}
"""Name -> error. A product's own errors stand in its own file."""

VALIDATION = frozenset(
    (
        "exclusive",
        "metadata_count",
        "missing_reference",
        "not_allowed",
        "one_needed",
        "parameter_missing",
        "parameter_unknown",
        "pattern",
        "too_many",
        "url",
    )
)
"""Errors that say that the request could never work: an idempotency key does not keep them, whoever finds them."""


def invalid(name: str, *, param: str | None = None, **words: object) -> ApiError:
    """The error ``name`` with its text filled in. Every word may be used by the text; ``param`` is also answered."""
    row = ERRORS[name]
    message = row.message.format(param=param, **words)
    return replace(row, message=message, param=param, executed=row.executed and name not in VALIDATION)


def refuse(name: str, *, param: str | None = None, **words: object) -> StripeError:
    """The error ``name``, ready to be raised."""
    return StripeError(invalid(name, param=param, **words))
