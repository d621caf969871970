"""Filling card data into a body that is forwarded, and hiding it again in what is kept. Pure.

Source: docs.stripe.com/payments/forwarding. A destination's format is not known here: a field is what its name says,
and only a field that is there with a blank value is filled.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from fcproxy.core.form import encode_pairs, parse_pairs, split_key

__all__ = ["FIELDS", "SECRET_HEADERS", "fill", "hide", "shown_header"]

FIELDS: Mapping[str, Mapping[str, str]] = {
    "card_number": dict.fromkeys(
        ("number", "cardnumber", "card_number", "pan", "encryptedcardnumber", "account"), "{number}"
    ),
    "card_cvc": dict.fromkeys(
        ("cvc", "cvv", "cvv2", "csc", "securitycode", "security_code", "verificationvalue"), "{cvc}"
    ),
    "card_expiry": {
        "exp_month": "{month:02d}",
        "expmonth": "{month:02d}",
        "expirymonth": "{month:02d}",
        "expiry_month": "{month:02d}",
        "expirationmonth": "{month:02d}",
        "exp_year": "{year}",
        "expyear": "{year}",
        "expiryyear": "{year}",
        "expiry_year": "{year}",
        "expirationyear": "{year}",
        "exp": "{month:02d}/{year}",
        "expiry": "{month:02d}/{year}",
        "expiration": "{month:02d}/{year}",
    },
    "cardholder_name": dict.fromkeys(
        ("name", "holder", "holdername", "holder_name", "cardholder_name", "cardholdername"), "{name}"
    ),
    "request_signature": {"signature": "{signature}", "request_signature": "{signature}"},
}
"""Replacement -> names of fields (in lower case) and what they are filled with."""

SECRET_HEADERS = re.compile(r"auth|key|token|secret|signature|password|cookie", re.IGNORECASE)
"""Names of headers whose values are hidden in what is kept."""


def shown_header(name: str, value: str) -> dict[str, str]:
    """A header as it is kept."""
    return {"name": name, "value": "****" if SECRET_HEADERS.search(name) else value}


def _templates(replacements: list[str]) -> dict[str, str]:
    return {field: template for name in replacements for field, template in FIELDS[name].items()}


def fill(body: str, content_type: str, replacements: list[str], card: Mapping[str, Any]) -> str:
    """The body with its blank fields filled; one that is neither JSON nor a form stays as it is."""
    templates = _templates(replacements)
    if "json" in content_type:
        try:
            return json.dumps(_filled(json.loads(body), templates, card), ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            return body
    if "form-urlencoded" in content_type:
        pairs = [(key, _value(split_key(key)[-1], value, templates, card)) for key, value in parse_pairs(body)]
        return encode_pairs(pairs)
    return body


def _value(name: str, value: Any, templates: Mapping[str, str], card: Mapping[str, Any]) -> Any:
    template = templates.get(name.lower())
    return template.format(**card) if template is not None and value == "" else value


def _filled(value: Any, templates: Mapping[str, str], card: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {
            name: _filled(item, templates, card)
            if isinstance(item, dict | list)
            else _value(name, item, templates, card)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_filled(item, templates, card) for item in value]
    return value


def hide(text: str, card: Mapping[str, Any]) -> str:
    """A body as it is kept: the card's number is starred but for its last four digits, its check code altogether."""
    number, cvc = str(card["number"]), str(card["cvc"])
    hidden = text.replace(number, "*" * (len(number) - 4) + number[-4:])
    if not cvc:
        return hidden
    return re.sub(rf"(?<![0-9]){re.escape(cvc)}(?![0-9])", "*" * len(cvc), hidden)
