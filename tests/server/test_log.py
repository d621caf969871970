"""What a request's line says of its path."""

from io import StringIO

import pytest

from fcproxy.server.log import RequestLog
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters

TOKEN = letters(rng_for("log"), 26)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/financial_connections/sessions/fcsess_1AbCdEfGhIjKlMnOpQrStUvW", None),
        ("/v1/billing/meter_event_adjustments", None),
        ("/v1/crypto/quotes/" + "ab12" * 16, None),
        ("/v1/x/12345678-1234-1234-1234-123456789012", None),
        ("/v1/things/vs_1AbCdEf_secret_REDACTED~1/cancel", None),
        (f"/v1/links/{TOKEN}/open", "/v1/links/*/open"),
        (f"/v1/links/{TOKEN.lower()}", "/v1/links/*"),
        (f"/v1/links/{TOKEN[:10]}%2F{TOKEN[10:]}", "/v1/links/*"),
        (f"/_fcproxy/d/{TOKEN}/v1/a", "/_fcproxy/d/*/v1/a"),
    ],
)
async def test_a_part_of_a_path_that_may_be_a_secret_is_not_said(path: str, said: str | None) -> None:
    lines = StringIO()
    log = RequestLog(stream=lines)
    log.request("GET", path, 200, "recorded", 0.002)
    log.flush()
    assert lines.getvalue() == f"GET {said or path} 200 recorded 2.0 ms\n"
