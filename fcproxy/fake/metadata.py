"""Metadata: its bounds, and how an update merges. Source: docs.stripe.com/api/metadata."""

from collections.abc import Mapping

from fcproxy.fake.errors import refuse

__all__ = ["KEYS", "KEY_LENGTH", "VALUE_LENGTH", "check_metadata", "merge_metadata"]

KEYS = 50
KEY_LENGTH = 40
VALUE_LENGTH = 500


def check_metadata(given: Mapping[str, str], param: str) -> None:
    """Raises StripeError (400) where the keys or values of a request are beyond the bounds."""
    for key, value in given.items():
        if len(key) > KEY_LENGTH or "[" in key or "]" in key:
            raise refuse("metadata_key", param=param, bound=KEY_LENGTH)
        if len(value) > VALUE_LENGTH:
            raise refuse("metadata_value", param=f"{param}[{key}]", bound=VALUE_LENGTH, length=len(value))
    if len(given) > KEYS:
        raise refuse("metadata_count", param=param, bound=KEYS)


def merge_metadata(old: Mapping[str, str] | None, given: Mapping[str, str] | None) -> dict[str, str]:
    """``given`` over ``old``: a blank value deletes its key, None deletes all. Raises StripeError beyond 50 keys."""
    if given is None:
        return {}
    merged = {**(old or {}), **given}
    kept = {key: value for key, value in merged.items() if value != ""}
    if len(kept) > KEYS:
        raise refuse("metadata_count", param="metadata", bound=KEYS)
    return kept
