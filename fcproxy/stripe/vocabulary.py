"""Words that Stripe's API and its errors are full of: as a password they are replaced, but looked for nowhere else.

A secret that happens to be one of them - `password=customer` - would take it out of every path, type and message.
"""

import re

from fcproxy.stripe.event_types import EVENT_TYPES, PREVIEW_EVENT_TYPES
from fcproxy.stripe.fields import FIELDS

__all__ = ["EVERYDAY"]

_OTHERS = """
    account active address administrator anonymous available balance bank capability card charge checking cleared
    climate company completed confirmation connections credit crypto currency customer declined default delivered
    description development disabled disconnected document enabled error example expired external false field financial
    forwarding identity inactive incorrect individual information institution invalid issuing item key limit line list
    livemode localhost member message metadata method missing mode none null number object onramp optional order owner
    ownership page parameter password payment pending permission person placeholder prefetch processing product
    production quote receipt refresh registration report request required requires requirements reversed sandbox savings
    secret session setting shipping source staging status statement string subscribe succeeded success supplier support
    tax terminal test testing token transaction transfer true type undefined unknown unverified update user username
    valid value verification verified version void webhook endpoint
"""


def _words() -> set[str]:
    told = [_OTHERS, *EVENT_TYPES, *PREVIEW_EVENT_TYPES]
    for rule in FIELDS:
        told += [*rule.names, *rule.within, *rule.outside]
    return set(re.findall("[a-z]+", " ".join(told)))


EVERYDAY: frozenset[str] = frozenset(form for word in _words() for form in (word, f"{word}s", f"{word}es"))
"""Each in lower case, also with the ending of many."""
