"""Who asks: keys in all the forms in which Stripe takes them. Source: docs.stripe.com/api/authentication, /keys."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from fcproxy.core.message import Headers
from fcproxy.fake.errors import refuse
from fcproxy.stripe.ids import Key, is_account, parse_key

__all__ = ["REFUSED_KEYS", "Caller", "authenticate", "starred"]

REFUSED_KEYS: Mapping[str, str] = {"_expired": "expired_key", "_invalid": "bad_key", "_forbidden": "permission"}
"""Keys that end so are refused with these errors, so that an app's handling of them can be tried."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was recognised: the key's family and mode, and the account acted upon (None = the key's own)."""

    key: Key
    livemode: bool
    account: str | None


NOBODY = Caller(Key("", livemode=False), livemode=False, account=None)
"""Who calls an endpoint that looks for no key: the test mode of the key's account."""


def starred(key: str) -> str:
    """A key as an error may show it: its family and its last four characters."""
    parsed = parse_key(key)
    head = "_".join(key.split("_")[:2]) + "_" if parsed and parsed.family != "oak" else ""
    tail = key[-4:] if len(key) - len(head) > 8 else ""
    return f"{head}{'*' * max(len(key) - len(head) - len(tail), 4)}{tail}"


def _presented(headers: Headers, param: str | None) -> str | None:
    scheme, _, word = (headers.get("Authorization") or "").partition(" ")
    word = word.strip()
    if scheme.lower() == "bearer" and word:
        return word
    if scheme.lower() == "basic":
        try:
            user = b64decode(word, validate=True).decode("utf-8", "replace").partition(":")[0]
        except ValueError:
            return word
        return user or None
    return param or None


def authenticate(headers: Headers, param: str | None, *, publishable: bool, account: str, permission: str) -> Caller:
    """Recognises the key of a request.

    ``param`` is the value of its parameter ``key``; ``publishable`` says that the endpoint may be called from a
    browser; ``account`` is the key's own and ``permission`` what the endpoint needs, for a refusal to name.
    Raises StripeError (401, 403, 400).
    """
    text = _presented(headers, param)
    if text is None:
        raise refuse("no_key")
    key = parse_key(text)
    if key is None:
        raise refuse("bad_key", key=starred(text))
    for ending, error in REFUSED_KEYS.items():
        if text.endswith(ending):
            raise refuse(error, key=starred(text), account=account, permission=permission)
    if key.publishable and not publishable:
        raise refuse("publishable_key")
    acted_upon, context = headers.get("Stripe-Account"), headers.get("Stripe-Context")
    if acted_upon and context:
        raise refuse("context_and_account")
    if key.family == "sk_org" and not (context and headers.get("Stripe-Version")):
        raise refuse("context_needed")
    wanted = acted_upon or (context.rpartition("/")[2] if context else None)
    if wanted is not None and not is_account(wanted):
        raise refuse("account", key=starred(text), account=wanted)
    livemode = key.livemode
    if livemode is None:
        livemode = headers.get("Stripe-Livemode") == "true"
    return Caller(key, livemode, wanted)
