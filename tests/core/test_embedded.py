"""Objects in the middle of long texts: read in time that grows with the text, and found wherever they stand."""

import json
from typing import Any

import pytest

from fcproxy.core import audit_tree, embedded_json
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.secrets import default_redactor


class _Watched:
    """A decoder that notes how far from the beginning of what it is given it reads."""

    def __init__(self, decoder: json.JSONDecoder) -> None:
        self._decoder = decoder
        self.furthest = 0

    def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
        self.furthest = max(self.furthest, at)
        return self._decoder.raw_decode(text, at)


LONG = '{"a":1 ' * 9000 + '{"phone": "+442079460123"} ' + '{"a":1 ' * 9000 + '{"phone": "+442079460124"}'


def test_an_error_in_what_the_audit_reads_counts_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = _Watched(audit_tree._DECODER)
    monkeypatch.setattr(audit_tree, "_DECODER", watched)
    assert list(audit_tree.embedded(LONG)) == [[("phone", "+442079460123")], [("phone", "+442079460124")]]
    assert watched.furthest < 20_000


def test_an_error_in_what_is_redacted_counts_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = _Watched(embedded_json._DECODER)
    monkeypatch.setattr(embedded_json, "_DECODER", watched)
    redactor = default_redactor()
    answer = Response(200, Headers([("Content-Type", "text/plain")]), f"see {LONG}".encode())
    request = Request("GET", "https://api.stripe.com/v1/customers", Headers())
    (done,) = redactor.settle([redactor.redact(Interaction(request, answer))])
    text = LONG.replace("+442079460123", "+12015550100").replace("+442079460124", "+12015550101")
    assert done.response.body.decode() == f"see {text}"
    assert 0 < watched.furthest < 20_000
