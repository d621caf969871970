"""Idempotency keys. Source: docs.stripe.com/api/idempotent_requests."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fcproxy.core.form import FormTree
from fcproxy.fake.errors import refuse
from fcproxy.fake.state import RECORDS, Doc, State

__all__ = ["KEEP_SECONDS", "LONGEST", "claim", "fingerprint", "keep", "record_key", "release"]

LONGEST = 255
KEEP_SECONDS = 24 * 3600


def record_key(scope: str, key: str) -> str:
    """Where the record of a key is kept. Raises StripeError (400) for a key that is too long."""
    if len(key) > LONGEST:
        raise refuse("key_length", bound=LONGEST, length=len(key))
    return f"{scope} {key}"


def fingerprint(values: Mapping[str, FormTree]) -> str:
    """A short form of parameters, the same for the same ones; parameters themselves are not kept."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def claim(state: State, record: str, path: str, values: Mapping[str, FormTree], now: int) -> Doc | None:
    """The answer kept under a key, or None where the request has to be executed.

    Raises StripeError (400, 409) where the key belongs to another request, or to one that still runs.
    """
    row = state.tables[RECORDS].get(record)
    if row is not None and row.doc["at"] + KEEP_SECONDS <= now:
        release(state, record)
        row = None
    if row is None:
        return None
    kept = row.doc
    key = record.partition(" ")[2]
    if kept["path"] != path:
        raise refuse("key_endpoint", path=path, first=kept["path"], key=key)
    if kept["parameters"] != fingerprint(values):
        raise refuse("key_parameters", key=key)
    if "status" not in kept:
        raise refuse("key_in_use", key=key)
    return kept


def keep(state: State, record: str, path: str, values: Mapping[str, FormTree], now: int, **answer: Any) -> None:
    """Notes a key: with ``status``, ``body`` and ``request`` when answered, without while the request runs."""
    doc = {"path": path, "parameters": fingerprint(values), "at": now, **answer}
    row = state.tables[RECORDS].get(record)
    if row is None:
        state.add(RECORDS, record.partition(" ")[0], record, doc)
    else:
        state.tables[RECORDS].change(row, doc)


def release(state: State, record: str) -> None:
    """Forgets a key, so that it may be used again."""
    row = state.tables[RECORDS].get(record)
    if row is not None:
        state.tables[RECORDS].remove(row)
