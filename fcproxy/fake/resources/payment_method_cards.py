"""Cards: the public test numbers, what a number tells, how a card is shown. Source: docs.stripe.com/testing.

What the card is stays private to the fake: answers hold its last four digits, forwarding fills in the rest.
"""

from collections.abc import Mapping

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.state import Doc

__all__ = ["TEST_CARDS", "card", "stock_card", "token_card"]

TEST_CARDS: Mapping[str, tuple[str, str, str]] = {
    "visa": ("4242" * 4, "visa", "credit"),
    "visa_debit": ("4000056655665556", "visa", "debit"),
    "mastercard": ("5555555555554444", "mastercard", "credit"),
    "mastercard_debit": ("5200828282828210", "mastercard", "debit"),
    "mastercard_prepaid": ("5105105105105100", "mastercard", "prepaid"),
    "amex": ("378282246310005", "amex", "credit"),
    "discover": ("6011111111111117", "discover", "credit"),
    "diners": ("3056930009020004", "diners", "credit"),
    "jcb": ("3566002020360505", "jcb", "credit"),
    "unionpay": ("6200000000000005", "unionpay", "credit"),
}
"""Stripe's words for test cards, behind ``pm_card_`` and ``tok_`` -> their public number, brand and funding."""
_ENDS = (8, 2030)
"""Month and year in which a test card ends."""
_BRANDS = (
    ("34", "amex"), ("37", "amex"), ("35", "jcb"), ("3", "diners"), ("4", "visa"), ("5", "mastercard"),
    ("2", "mastercard"), ("62", "unionpay"), ("6", "discover"),
)  # fmt: skip
"""How a number begins -> its brand; the first row that fits."""
_DISPLAY = {"amex": "american_express", "diners": "diners_club", "unionpay": "union_pay"}
_NEEDED = ("number", "exp_month", "exp_year")
_BAD_NUMBER = ApiError(402, "card_error", "incorrect_number", "Your card number is incorrect.", "card[number]")
_BAD_EXPIRY = ApiError(
    402, "card_error", "invalid_expiry_year", "Your card's expiration year is invalid.", "card[exp_year]"
)


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def card(call: Call, given: Doc) -> tuple[Doc, Doc]:
    """The hash of a card as it is shown, and what is private of it. Raises StripeError (400, 402)."""
    preferred = given.get("networks", {}).get("preferred")
    if "token" in given:
        word, _ = token_card(given["token"], "card[token]")
        return stock_card(call.secret("fingerprint", 16), word, preferred)
    for name in _NEEDED:
        if name not in given:
            raise refuse("parameter_missing", param=f"card[{name}]")
    number = "".join(char for char in given["number"] if char not in " -")
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19 and _luhn(number)):
        raise StripeError(_BAD_NUMBER)
    year = given["exp_year"] if given["exp_year"] > 99 else 2000 + given["exp_year"]
    if not 2000 <= year <= 2100:
        raise StripeError(_BAD_EXPIRY)
    private = {"number": number, "cvc": given.get("cvc", ""), "exp_month": given["exp_month"], "exp_year": year}
    brand = next((brand for start, brand in _BRANDS if number.startswith(start)), "unknown")
    funding = next((funding for known, _, funding in TEST_CARDS.values() if known == number), "credit")
    fingerprint = call.secret("fingerprint", 16)
    return _shown(fingerprint, brand, funding, preferred, private), private


def token_card(token: str, param: str) -> tuple[str, str]:
    """The word of the test card that a token such as ``tok_visa`` stands for, and its number.

    Raises StripeError (400) for any other token: what it held is known to Stripe alone.
    """
    word = token.removeprefix("tok_")
    if not token.startswith("tok_") or word not in TEST_CARDS:
        raise refuse("missing_reference", param=param, words="token", id=token, hint="")
    return word, TEST_CARDS[word][0]


def stock_card(fingerprint: str, word: str, preferred: str | None = None) -> tuple[Doc, Doc]:
    """One of Stripe's test cards as `card` gives it."""
    number, brand, funding = TEST_CARDS[word]
    private = {"number": number, "cvc": "123", "exp_month": _ENDS[0], "exp_year": _ENDS[1]}
    return _shown(fingerprint, brand, funding, preferred, private), private


def _shown(fingerprint: str, brand: str, funding: str, preferred: str | None, private: Doc) -> Doc:
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": "US",
        "display_brand": _DISPLAY.get(brand, brand),
        "exp_month": private["exp_month"],
        "exp_year": private["exp_year"],
        "fingerprint": fingerprint,
        "funding": funding,
        "generated_from": None,
        "last4": private["number"][-4:],
        "networks": {"available": [brand], "preferred": preferred},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
