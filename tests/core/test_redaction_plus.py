"""An e-mail address whose plus was not escaped: decoded by the letter it would fall into two words."""

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
