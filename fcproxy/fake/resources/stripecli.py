"""What the Stripe CLI asks for itself: a session to listen with, and a key by `stripe login`.

Source: the CLI's source code, packages stripeauth and login.

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
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LOGIN = "stripecli.login"
_LOGIN = "/stripecli/auth"
_DEVICE: Params = {"client_version": text(), "device_name": text(), "machine_uuid": text()}
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


def _login(call: Call) -> Doc:
    number = call.state.next("cli login")
    word = call.secret("cli login word", 24)
    pairing = "-".join(chance(call.state.seed, "cli pairing", 4 * number + part, 5, LETTERS) for part in range(4))
    base = call.options.websocket_base.replace("ws", "http", 1).partition("/_fcproxy/")[0]
    return {
        "object": LOGIN,
        "browser_url": f"{base}/_fcproxy/",
        "poll_url": f"{base}{_LOGIN}/{word}",
        "verification_code": pairing,
    }


def _keys(call: Call) -> Doc:
    """A test key: nobody has to confirm anything. A live one is nothing that a fake should hand out."""
    seed, word = call.state.seed, call.path["word"]
    tail = chance(seed, f"cli key {word}", 0, 24)
    return {
        "object": LOGIN,
        "redeemed": True,
        "account_display_name": "fcproxy",
        "account_id": call.state.account(),
        "livemode_key_publishable": "",
        "livemode_key_secret": "",
        "testmode_key_publishable": f"pk_test_51{tail}",
        "testmode_key_secret": f"rk_test_51{tail}",
    }


RESOURCE = Resource(
    name="stripecli",
    title="Stripe CLI sessions",
    kinds=(Kind(CLI_SESSION, "CLI session"), Kind(LOGIN, "CLI login")),
    routes=(
        Route("POST", "/v1/stripecli/sessions", _create, CLI_SESSION, "Open a session that listens", _CREATE),
        Route("POST", _LOGIN, _login, LOGIN, "Begin `stripe login`", _DEVICE, keyless=True),
        Route("GET", _LOGIN + "/{word}", _keys, LOGIN, "End it with a test key", keyless=True),
    ),
    notes=("`stripe login` is confirmed by itself, and gives a test key only.",),
)
