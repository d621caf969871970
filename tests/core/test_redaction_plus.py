"""A plus in a form: a blank, as a rule; in e-mail addresses and in base64 that was not escaped, itself."""

from base64 import b64decode, b64encode
from urllib.parse import quote_plus

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.secrets import default_redactor


def test_nothing_of_an_address_with_a_bare_plus_is_left() -> None:
    redactor = default_redactor()
    url = "https://api.stripe.com/v1/things?x=zora+quill@acme.org&y=a+b"
    request = Request("POST", url, Headers(), b"note=zora+quill@acme.org&z=a+b")
    done = redactor.settle([redactor.redact(Interaction(request, Response(200, Headers(), b"")))])[0].request
    assert "zora" not in done.url
    assert b"zora" not in done.body
    assert done.url.endswith("&y=a+b")
    assert done.body.endswith(b"&z=a+b")


def form_of(body: str) -> str:
    redactor = default_redactor()
    request = Request("POST", "https://api.stripe.com/v1/things", Headers(), body.encode())
    (done,) = redactor.settle([redactor.redact(Interaction(request, Response(200, Headers(), b"")))])
    return done.request.body.decode()


def test_words_beside_a_secret_and_its_base64_stay_words() -> None:
    secret = "fcsess_client_" + "secret_q8Zk3nV0bXy7Lm2TtRrPpW"
    text = f"see {secret} and {b64encode(secret.encode()).decode()} too"
    done = form_of(f"description={quote_plus(text)}")
    assert done == "description=see%20fcsess_client_secret_REDACTED~1%20and%20encoded_REDACTED~1%20too"


@pytest.mark.parametrize("before", [b"~~>", b"a~~>", b"ab~~>", b"~~~~~~~~~~"])
def test_base64_with_a_bare_plus_is_read_whatever_the_plus_takes_from_it(before: bytes) -> None:
    secret = b"sk_" + b"test_" + b"51Abcdefgh0123456789"
    encoded = b64encode(before + secret + b"~~>").decode()
    assert "+" in encoded
    done = form_of(f"note={encoded}&a=b+c")
    assert "encoded_REDACTED~1" in done
    assert done.endswith("&a=b+c")
    for at in range(len(encoded) - 11):
        if any(secret[n : n + 9] in b64decode(encoded[at : at + 12]) for n in range(len(secret) - 8)):
            assert encoded[at : at + 12] not in done
