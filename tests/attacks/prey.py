"""Secrets to hunt: made at run time, so that none stands in the repository; and the interactions that teach them."""

import json
import random
import string
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from fcproxy.core.message import Interaction
from tests.attacks.places import interaction

__all__ = ["PREY", "Prey", "letters", "taught_by"]

_ALPHABET = string.ascii_letters + string.digits


def letters(rng: random.Random, count: int) -> str:
    """Letters and digits as keys have them: at least one of each case and one digit."""
    return rng.choice("ABC") + rng.choice("abc") + rng.choice("123") + "".join(rng.choices(_ALPHABET, k=count - 3))


@dataclass(frozen=True)
class Prey:
    """One sort of secret. ``shaped``: known by its shape alone; the others must have been taught."""

    name: str
    make: Callable[[random.Random], str]
    teach: Callable[[str], Interaction]
    shaped: bool = True


def _bearer(value: str) -> Interaction:
    return interaction(request=(("Authorization", f"Bearer {value}"),))


def _basic_password(value: str) -> Interaction:
    return interaction(request=(("Authorization", "Basic " + b64encode(f"someone:{value}".encode()).decode()),))


def _field(name: str, **around: object) -> Callable[[str], Interaction]:
    return lambda value: interaction(received=json.dumps({**around, name: value}).encode())


def _card(rng: random.Random) -> str:
    head = "453201" + "".join(rng.choices(string.digits, k=9))
    for last in string.digits:
        number = head + last
        total = sum(
            (d if i % 2 == 0 else d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(map(int, reversed(number)))
        )
        if total % 10 == 0:
            return number
    raise AssertionError


def _iban(rng: random.Random) -> str:
    account = "".join(str(rng.randrange(1, 10)) for _ in range(18))
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"


PREY: tuple[Prey, ...] = (
    Prey("API key", lambda rng: "sk_" + "test_" + letters(rng, 24), _bearer),
    Prey("long API key", lambda rng: "rk_" + "test_" + letters(rng, 99), _bearer),
    Prey(
        "FC client secret",
        lambda rng: "fcsess_client_" + "secret_" + letters(rng, 24),
        _field("client_secret", object="financial_connections.session"),
    ),
    Prey(
        "Identity client secret",
        lambda rng: (
            "vs_1" + "AbCd0EfGh" * 2 + "IjKl9" + "_secret_" + "test_" + b64encode(letters(rng, 40).encode()).decode()
        ),
        _field("client_secret", object="identity.verification_session"),
    ),
    Prey("webhook secret", lambda rng: "whsec_" + letters(rng, 32), _field("secret", object="webhook_endpoint")),
    Prey("bearer of another service", lambda rng: letters(rng, 40), _bearer, shaped=False),
    Prey("Basic password", lambda rng: letters(rng, 18), _basic_password, shaped=False),
    Prey(
        "password with signs",
        lambda rng: letters(rng, 9) + "/+&=" + letters(rng, 9),
        _field("password"),
        shaped=False,
    ),
    Prey("access token", lambda rng: letters(rng, 16) + "-" + letters(rng, 20), _field("access_token"), shaped=False),
    Prey("e-mail", lambda rng: f"{letters(rng, 9)}@mail-{letters(rng, 6)}.com".lower(), _field("email")),
    Prey("card", _card, _field("number", object="card"), shaped=True),
    Prey("IBAN", _iban, _field("iban")),
    Prey("account number", lambda rng: "".join(rng.choices("123456789", k=12)), _field("account_number"), shaped=False),
)


def taught_by(prey: Prey, value: str) -> Interaction:
    """An interaction in which ``value`` stands where it is known to be secret."""
    return prey.teach(value)
