"""The session that a Stripe CLI opens to listen. Source: the CLI's source code, package stripeauth.

The answer leads to a websocket that whoever runs the fake serves; see `cli_feed` for what goes over it.
"""

from fcproxy.fake.call import Call
from fcproxy.fake.cli_feed import CLI_SESSION, FEATURES
from fcproxy.fake.mint import HEX_DIGITS, chance
from fcproxy.fake.params import Params, array, choice, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc
from fcproxy.fake.versions import DEFAULT_VERSION, RELEASES

__all__ = ["RESOURCE"]

RECONNECT_SECONDS = 60
_CREATE: Params = {
    "device_name": text(),
    "device_token": text(),
    "filters": text(most=100_000),
    "forward_connect_to_url": text(empty=True),
    "forward_thin_connect_to_url": text(empty=True),
    "forward_thin_to_url": text(empty=True),
    "forward_to_url": text(empty=True),
    "websocket_features": required(array(choice(*FEATURES))),
}


def _create(call: Call) -> Doc:
    number = call.state.next("cli session")
    session_id = "cliws_" + call.secret("cli session id", 24)
    secret = "whsec_" + chance(call.state.seed, "cli secret", number, 64, HEX_DIGITS)
    features = call.params["websocket_features"]
    record = {"id": session_id, "object": CLI_SESSION, "created": call.now}
    call.add(CLI_SESSION, record, {"features": features, "queue": [], "secret": secret})
    return {
        "object": CLI_SESSION,
        "default_version": DEFAULT_VERSION,
        "device_token": "clidt_" + call.secret("cli device", 24),
        "display_connect_filter_warning": False,
        "latest_version": RELEASES[-1],
        "reconnect_delay": RECONNECT_SECONDS,
        "secret": secret,
        "websocket_authorized_feature": features[0],
        "websocket_id": session_id,
        "websocket_url": f"{call.options.websocket_base}/{session_id}",
    }


RESOURCE = Resource(
    name="stripecli",
    title="Stripe CLI sessions",
    kinds=(Kind(CLI_SESSION, "CLI session"),),
    routes=(Route("POST", "/v1/stripecli/sessions", _create, CLI_SESSION, "Open a session that listens", _CREATE),),
    notes=("`stripe login` is not served; the CLI takes a key.",),
)
