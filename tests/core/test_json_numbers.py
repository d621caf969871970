"""Numbers in JSON that are secrets: what stands for them is a number, too."""

import json

from fcproxy.codings import DECODERS
from fcproxy.core.audit_marks import number_mark
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.secrets import default_redactor


def _answer(body: bytes) -> Interaction:
    headers = Headers([("Content-Type", "application/json")])
    request = Request("GET", "https://api.stripe.com/v1/accounts", Headers())
    return Interaction(request, Response(200, headers, body))


def test_short_numbers_in_json_stay_numbers_however_many_there_are() -> None:
    redactor = default_redactor(DECODERS)
    told = [number for size in (1, 2, 3) for number in range(10 ** (size - 1), min(10**size, 10 ** (size - 1) + 130))]
    redacted = [redactor.redact(_answer(b'{"account_number": %d}' % number)) for number in told]
    drawn = [json.loads(one.response.body)["account_number"] for one in redactor.settle(redacted)]
    assert all(type(one) is int for one in drawn)
    assert len(set(drawn)) == len(told)
    # The numbers of a file that is drawn by itself are others than those of the redactor.
    alone = [json.loads(redactor.settle([one])[0].response.body)["account_number"] for one in redacted]
    assert all(type(one) is int for one in alone)
    assert all(number_mark(str(one)) for one in drawn if one > 10_000)
