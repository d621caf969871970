"""The types of PaymentMethod other than card and US bank account: what each takes and shows.

Source: Stripe's OpenAPI document, payment_method and its create call. Nothing can be charged to any of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.params import NONE, Param, Params, choice, group, integer, required, text, time
from fcproxy.fake.state import Doc

__all__ = ["BANK_NAME", "ONLY_HASHES", "TYPES", "MethodType", "details"]

BANK_NAME = "STRIPE TEST BANK"
_BAD_IBAN = ApiError(
    400, "invalid_request_error", "invalid_bank_account_iban", "The IBAN you provided is invalid.", "sepa_debit[iban]"
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z")


@dataclass(frozen=True, slots=True)
class MethodType:
    """A type of PaymentMethod: its parameters, and the fields of its hash in answers.

    A shown field holds the parameter of its name, the last four characters of the account for ``last4``, a new
    fingerprint for ``fingerprint``, and else what ``fixed`` says, or null. ``sometimes`` are shown when given only.
    """

    params: Params = field(default_factory=lambda: NONE)
    shown: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    sometimes: tuple[str, ...] = ()


def _bank(words: str) -> Param:
    return choice(*words.split())


_EPS = _bank(
    "arzte_und_apotheker_bank austrian_anadi_bank_ag bank_austria bankhaus_carl_spangler "
    "bankhaus_schelhammer_und_schattera_ag bawag_psk_ag bks_bank_ag brull_kallmus_bank_ag btv_vier_lander_bank "
    "capital_bank_grawe_gruppe_ag deutsche_bank_ag dolomitenbank easybank_ag erste_bank_und_sparkassen "
    "hypo_alpeadriabank_international_ag hypo_bank_burgenland_aktiengesellschaft "
    "hypo_noe_lb_fur_niederosterreich_u_wien hypo_oberosterreich_salzburg_steiermark hypo_tirol_bank_ag "
    "hypo_vorarlberg_bank_ag marchfelder_bank oberbank_ag raiffeisen_bankengruppe_osterreich schoellerbank_ag "
    "sparda_bank_wien volksbank_gruppe volkskreditbank_ag vr_bank_braunau"
)
_FPX = _bank(
    "affin_bank agrobank alliance_bank ambank bank_islam bank_muamalat bank_of_china bank_rakyat bnp_paribas bsn cimb "
    "citibank deutsche_bank hong_leong_bank hsbc kfh maybank2e maybank2u mbsb_bank ocbc pb_enterprise public_bank rhb "
    "standard_chartered uob"
)
_P24 = _bank(
    "alior_bank bank_millennium bank_nowy_bfg_sa bank_pekao_sa banki_spbdzielcze blik bnp_paribas boz citi_handlowy "
    "credit_agricole envelobank etransfer_pocztowy24 getin_bank ideabank ing inteligo mbank_mtransfer nest_przelew "
    "noble_pay pbac_z_ipko plus_bank santander_przelew24 tmobile_usbugi_bankowe toyota_bank velobank volkswagen_bank"
)
_BICS: Mapping[str, str] = {
    "abn_amro": "ABNANL2A",
    "adyen": "ADYBNL2A",
    "asn_bank": "ASNBNL21",
    "bunq": "BUNQNL2A",
    "buut": "BUUTNL2A",
    "finom": "FNOMNL22",
    "handelsbanken": "HANDNL2A",
    "ing": "INGBNL2A",
    "knab": "KNABNL2H",
    "mollie": "MLLENL2A",
    "moneyou": "MOYONL21",
    "n26": "NTSBDEB1",
    "nn": "NNBANL2G",
    "rabobank": "RABONL2U",
    "regiobank": "RBRBNL21",
    "revolut": "REVOLT21",
    "sns_bank": "SNSBNL2A",
    "triodos_bank": "TRIONL2U",
    "van_lanschot": "FVLBNL22",
    "yoursafe": "BITSNL2A",
}
"""iDEAL's banks, and their BIC."""

_PLAIN = """
    affirm afterpay_clearpay alipay alma amazon_pay bancontact billie bizum blik crypto customer_balance giropay grabpay
    kakao_pay konbini mb_way mobilepay multibanco oxxo pay_by_bank payco paynow paypay pix promptpay revolut_pay
    samsung_pay satispay scalapay sequra sunbit swish twint wechat_pay zip
"""
"""Types whose hash is empty, in both directions."""
_ACCOUNT = required(text())
TYPES: Mapping[str, MethodType] = {
    **{name: MethodType() for name in _PLAIN.split()},
    "acss_debit": MethodType(
        {"account_number": _ACCOUNT, "institution_number": _ACCOUNT, "transit_number": _ACCOUNT},
        ("bank_name", "fingerprint", "institution_number", "last4", "transit_number"),
        {"bank_name": BANK_NAME},
    ),
    "au_becs_debit": MethodType(
        {"account_number": _ACCOUNT, "bsb_number": _ACCOUNT}, ("bsb_number", "fingerprint", "last4")
    ),
    "bacs_debit": MethodType({"account_number": text(), "sort_code": text()}, ("fingerprint", "last4", "sort_code")),
    "boleto": MethodType({"tax_id": _ACCOUNT}, ("tax_id",)),
    "cashapp": MethodType(shown=("buyer_id", "cashtag")),
    "custom": MethodType({"type": _ACCOUNT}, ("display_name", "logo", "type")),
    "eps": MethodType({"bank": _EPS}, ("bank",)),
    "fpx": MethodType(
        {"account_holder_type": choice("company", "individual"), "bank": required(_FPX)},
        ("account_holder_type", "bank"),
    ),
    "ideal": MethodType({"bank": choice(*_BICS)}, ("bank", "bic")),
    "klarna": MethodType(
        {
            "dob": group(
                {
                    "day": required(integer(least=1, most=31)),
                    "month": required(integer(least=1, most=12)),
                    "year": required(integer()),
                }
            )
        },
        sometimes=("dob",),
    ),
    "kr_card": MethodType(shown=("brand", "last4")),
    "link": MethodType(shown=("email",)),
    "naver_pay": MethodType(
        {"funding": choice("card", "points")}, ("buyer_id", "funding"), {"buyer_id": None, "funding": "card"}
    ),
    "nz_bank_account": MethodType(
        {
            "account_holder_name": text(),
            "account_number": _ACCOUNT,
            "bank_code": _ACCOUNT,
            "branch_code": _ACCOUNT,
            "reference": text(most=128),
            "suffix": _ACCOUNT,
        },
        ("account_holder_name", "bank_code", "bank_name", "branch_code", "last4", "suffix"),
        {"bank_name": BANK_NAME},
    ),
    "p24": MethodType({"bank": _P24}, ("bank",)),
    "paypal": MethodType(shown=("country", "payer_email", "payer_id")),
    "payto": MethodType(
        {"account_number": text(), "bsb_number": text(), "pay_id": text()}, ("bsb_number", "last4", "pay_id")
    ),
    "sepa_debit": MethodType(
        {"iban": _ACCOUNT}, ("bank_code", "branch_code", "country", "fingerprint", "generated_from", "last4")
    ),
    "sofort": MethodType({"country": required(choice("AT", "BE", "DE", "ES", "IT", "NL"))}, ("country",)),
    "upi": MethodType(
        {
            "mandate_options": group(
                {
                    "amount": integer(),
                    "amount_type": choice("fixed", "maximum"),
                    "description": text(most=20),
                    "end_date": time(),
                }
            )
        },
        ("vpa",),
    ),
}
ONLY_HASHES: Params = {"interac_present": group(NONE)}
"""Parameters of a create call that belong to types which only a card reader makes."""

_CODES: Mapping[str, tuple[int, int]] = {
    "AT": (5, 0),
    "BE": (3, 0),
    "DE": (8, 0),
    "ES": (4, 4),
    "FI": (3, 0),
    "FR": (5, 5),
    "GB": (4, 6),
    "IE": (4, 6),
    "LU": (3, 0),
    "NL": (4, 0),
    "PT": (4, 4),
}
"""Country -> how many characters of an IBAN, after its check digits, are the bank's code and the branch's."""


def details(call: Call, kind: str, given: Doc) -> Doc:
    """The hash of a type as it is shown. Raises StripeError (400) for an IBAN that is none."""
    row = TYPES[kind]
    number = given.get("account_number") or given.get("iban") or ""
    derived: Doc = {**row.fixed, **({"last4": number[-4:]} if number else {})}
    if "fingerprint" in row.shown:
        derived["fingerprint"] = call.secret("fingerprint", 16)
    if kind == "sepa_debit":
        derived |= _iban(given["iban"])
    if kind == "ideal":
        derived["bic"] = _BICS.get(given.get("bank", ""))
    shown = {name: given.get(name, derived.get(name)) for name in row.shown}
    return {**shown, **{name: given[name] for name in row.sometimes if name in given}}


def _iban(value: str) -> Doc:
    iban = value.replace(" ", "").upper()
    digits = "".join(str(int(char, 36)) for char in iban[4:] + iban[:4]) if _IBAN.match(iban) else "0"
    if int(digits) % 97 != 1:
        raise StripeError(_BAD_IBAN)
    bank, branch = _CODES.get(iban[:2], (4, 0))
    rest = iban[4:]
    return {
        "bank_code": rest[:bank],
        "branch_code": rest[bank : bank + branch],
        "country": iban[:2],
        "last4": iban[-4:],
    }
