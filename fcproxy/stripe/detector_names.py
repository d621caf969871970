"""Values known by the name they stand under, wherever that name means what the rule is about."""

import re

from fcproxy.core import audit_marks as marks
from fcproxy.core.audit_rules import NameRule, normalised
from fcproxy.stripe.detector_checks import (
    basic_or_bearer,
    known_account,
    known_card,
    known_cvc,
    known_device,
    known_line,
    known_name,
    known_number,
    known_phone,
    known_routing,
    known_wallet,
    marked_url,
    no_access_token,
    no_email,
    not_secret_text,
    searches_for_nobody,
)

__all__ = ["NAMES", "names"]


def names(text: str) -> frozenset[str]:
    """Names given one after another, as they compare."""
    return frozenset(normalised(name) for name in text.split())


_PEOPLE = names(
    "billing_details shipping shipping_details customer_details customer_shipping owner owners verified_owner"
    " individual"
    " person persons cardholder beneficiary kyc_details customer_information verified_outputs provided_details"
    " account_holder bank_account card recipient payer_details collected_information customer customers representative"
    " ship_from_details related_person directors executives document id_number account_owner us_bank_account"
    " sepa_debit customer_address owner_details"
)
_PERSON_OBJECTS = frozenset(
    (
        "customer",
        "person",
        "financial_connections.account_owner",
        "issuing.cardholder",
        "card",
        "bank_account",
        "source",
        "identity.verification_session",
        "identity.verification_report",
        "v2.core.account",
        "v2.core.account_person",
        "tax.calculation",
        "mandate",
    )
)
_CARDS = names(
    "card network_token card_present number_token payment_method_data card_details virtual_card issuing_card"
)

NAMES: tuple[NameRule, ...] = (
    NameRule(
        "client-secret-field",
        "a field client_secret with a value",
        "Stripe API",
        names("client_secret"),
        ("clientsecret",),
        accept=marks.mark,
        credential=True,
    ),
    NameRule(
        "secret-field",
        "a field that holds a credential",
        "Stripe API, OAuth (RFC 6749), stripe-cli",
        names(
            "secret signing_secret access_token refresh_token device_token auth_code authentication_token password"
            " passwd private_key private_key_file private_key_file_password personal_psk api_key x_api_key"
            " stripe_publishable_key secret_key auth_token id_token session_token csrf_token"
            " authenticity_token"
            " csrfmiddlewaretoken websocket_id authorization proxy_authorization cookie set_cookie code_verifier"
            " client_assertion api_secret x_auth_token x_access_token bearer_token webhook_secret"
            " stripe_signature_secret"
        ),
        ("apikey", "apisecret", "password", "privatekey", "accesstoken", "secretkey", "signingsecret"),
        accept=lambda v: not_secret_text(v) or basic_or_bearer(v),
        credential=True,
    ),
    NameRule(
        "secret-field",
        "the payload of an apps secret",
        "Stripe API",
        names("payload"),
        objects=frozenset(("apps.secret",)),
        accept=marks.mark,
        credential=True,
    ),
    NameRule(
        "oauth-code",
        "an OAuth code or state",
        "RFC 6749",
        names("code"),
        within=names("oauth"),
        accept=marks.mark,
        credential=True,
    ),
    NameRule(
        "oauth-code",
        "an OAuth code or state in a redirect",
        "RFC 6749",
        names("code state"),
        within=names("location_header"),
        accept=no_access_token,
        credential=True,
    ),
    NameRule(
        "secret-field",
        "a URL that lets in who has it",
        "stripe-cli",
        names("websocket_url poll_url"),
        accept=marked_url,
        credential=True,
    ),
    NameRule(
        "access-token",
        "a token or signature that lets in who shows it",
        "published captures",
        names("token sig signature hmac access_key"),
        accept=no_access_token,
        credential=True,
    ),
    NameRule(
        "search-query",
        "a person's name that is searched for",
        "Stripe's search",
        names("query"),
        within=_PEOPLE,
        accept=searches_for_nobody,
    ),
    NameRule(
        "search-query",
        "a person's name that is searched for by its path",
        "Stripe's search",
        names("query"),
        accept=lambda v: searches_for_nobody(v, below=_PEOPLE),
    ),
    NameRule(
        "email",
        "an email address",
        "Stripe API",
        names("email"),
        ("email", "emailaddress", "emailsentto"),
        accept=no_email,
    ),
    NameRule(
        "phone",
        "a telephone number",
        "Stripe API",
        names("phone phone_number support_phone contact_phone customer_phone verified_phone mobile"),
        accept=known_phone,
    ),
    NameRule(
        "person-name",
        "a person's name",
        "Stripe API",
        names(
            "first_name last_name maiden_name full_name cardholder_name account_holder_name customer_name nickname"
            " full_name_aliases name_kana name_kanji first_name_kana last_name_kana first_name_kanji last_name_kanji"
            " given_name surname family_name verified_name registered_name"
        ),
        accept=known_name,
    ),
    NameRule(
        "person-name",
        "the name of a person or business a payment belongs to",
        "Stripe API",
        names("name individual_name business_name public_name preferred_name"),
        within=_PEOPLE,
        objects=_PERSON_OBJECTS,
        accept=known_name,
    ),
    NameRule(
        "address",
        "a postal address",
        "Stripe API",
        names("line1 line2 address_line1 address_line2 raw_address street street_address verified_address"),
        accept=known_line,
    ),
    NameRule(
        "address",
        "the town of a postal address",
        "Stripe API",
        names("city town address_city"),
        within=_PEOPLE | names("address address_kana address_kanji"),
        objects=_PERSON_OBJECTS,
        accept=known_line,
    ),
    NameRule(
        "birth-date",
        "a date of birth",
        "Stripe API",
        names("dob date_of_birth birth_date birthdate birthday"),
        accept=marks.date_mark,
    ),
    NameRule(
        "birth-place",
        "a place of birth",
        "Stripe API",
        names("unparsed_place_of_birth place_of_birth"),
        accept=marks.mark,
    ),
    NameRule(
        "national-id",
        "a national identity or tax number",
        "Stripe API",
        names(
            "id_number id_number_secondary personal_id_number ssn_last_4 ssn_last4 ssn tax_id vat_id"
            " registration_number"
            " national_id passport_number social_security_number"
        ),
        accept=known_number,
    ),
    NameRule(
        "national-id",
        "a tax number",
        "Stripe API",
        names("value"),
        within=names("tax_ids tax_id_data customer_tax_ids tax_id_collection"),
        accept=known_number,
    ),
    NameRule(
        "national-id",
        "a document's number",
        "Stripe API",
        names("number"),
        within=names("document passport driving_license id_card"),
        accept=known_number,
    ),
    NameRule(
        "bank-account",
        "a bank account's number",
        "Stripe API",
        names("account_number sender_account_number iban sort_code bsb_number clabe"),
        accept=known_account,
    ),
    NameRule(
        "bank-account",
        "a routing number",
        "Stripe API",
        names("routing_number aba_routing_number"),
        accept=known_routing,
    ),
    NameRule(
        "card-number",
        "a payment card number",
        "PCI DSS",
        names("number card_number pan primary_account_number"),
        within=_CARDS,
        accept=lambda v: known_card(v) or len(re.sub(r"[^0-9]", "", v)) < 12,
    ),
    NameRule(
        "card-number",
        "a payment card number",
        "PCI DSS",
        names("card_number primary_account_number"),
        accept=known_card,
    ),
    NameRule(
        "card-code",
        "a card's check code, PIN or cryptogram",
        "PCI DSS 3.3",
        names("cvc cvv cvv2 cvc2 cvc_update card_cvc security_code pin"),
        accept=known_cvc,
    ),
    NameRule(
        "card-code",
        "a card's cryptogram or track data",
        "PCI DSS 3.3",
        names("cryptogram track1 track2 track_data emv_auth_data"),
        accept=not_secret_text,
    ),
    NameRule(
        "ip-address",
        "a person's network address",
        "Stripe API",
        names("ip ip_address client_ip customer_ip_address customer_purchase_ip destination_ip_address remote_addr"),
        accept=lambda v: marks.ip_mark(v) or not re.fullmatch(r"[0-9a-fA-F:.]{3,45}", v),
    ),
    NameRule(
        "ip-address",
        "where a person's network address is",
        "Stripe API",
        names("latitude longitude"),
        within=names("ip_address_location"),
        accept=marks.digits_mark,
    ),
    NameRule(
        "device",
        "a device or browser identifier",
        "Stripe API, Stripe.js",
        names(
            "device_fingerprint customer_device_fingerprint customer_device_id guid muid telemetry_id device_name "
            "machine_uuid uname"
        ),
        accept=known_device,
    ),
    NameRule(
        "wallet",
        "a wallet address or transaction",
        "Stripe API",
        names("wallet_address deposit_address"),
        accept=known_wallet,
    ),
    NameRule(
        "wallet",
        "a wallet address",
        "Stripe API",
        names("ethereum bitcoin solana polygon stellar avalanche base_network"),
        within=names("wallet_addresses"),
        accept=known_wallet,
    ),
    NameRule(
        "purchase",
        "what a person bought, from the bank's statement",
        "Stripe API",
        names("description"),
        objects=frozenset(("financial_connections.transaction",)),
        accept=marks.mark,
    ),
)
