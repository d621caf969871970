"""Redaction by place: which fields of Stripe's requests, answers and events hold secrets or personal data.

A row holds for forms, queries, JSON and multipart, in both directions, in any spelling of the name. Sources: O = public
OpenAPI document, P = stripe-python's types, D = docs.stripe.com, C = Stripe CLI source. The first row that fits counts.
"""

from fcproxy.core.rules import FieldRule

__all__ = ["FIELDS"]

# Objects and fields below which a bare `name` is a person's or a payer's, not a product's.
_PEOPLE = (
    "customer", "customers", "customer_details", "customer_data", "billing_details", "shipping", "shipping_details",
    "individual", "person", "persons", "representative", "owner", "owners", "account_owner", "cardholder", "cardholders",
    "issuing.cardholder", "financial_connections.account_owner", "account_holder", "beneficiary", "payer_details",
    "kyc_details", "customer_information", "provided_details", "recipient", "collected_information", "signatory",
    "ship_from_details", "shipping_cost", "support_address", "payer", "sender", "ownership",
)  # fmt: skip

_IDENTITY = (
    "document", "id_number", "verified_outputs", "identity.verification_report", "identity.verification_session", "selfie",
    "kyc_details", "customer_information",
)  # fmt: skip

_CARD = (
    "card",
    "payment_method_data",
    "payment_method_details",
    "issuing.card",
    "network_token",
    "card_present",
    "source_data",
)

_BANK = (
    "bank_account", "us_bank_account", "account", "external_account", "acss_debit", "au_becs_debit", "bacs_debit",
    "sepa_debit", "financial_connections.account", "ach_debit", "destination", "financial_addresses", "us_bank_transfer",
    "outbound_payment", "financial_account", "bank_transfer", "instant_payout",
)  # fmt: skip

_SECRET_URLS = (
    "identity.verification_session", "checkout.session", "billing_portal.session", "payment_link", "account_link",
    "login_link", "file_link", "file", "financial_connections.session", "crypto.onramp_session",
    "account_links", "login_links", "file_links",
)  # fmt: skip

FIELDS: tuple[FieldRule, ...] = (
    # -- fields whose names look like more than they are -----------------------------------------------------------
    FieldRule(
        "not-secret",
        "secret",
        ("token_type", "secret_type", "key_type", "cvc_check", "address_line1_check", "address_postal_code_check",
         "id_number_provided", "id_number_secondary_provided", "ssn_last_4_provided", "tax_id_provided", "doc_url",
         "info_url", "email_type", "phone_type"),
        "says something about a secret and holds none",
        "O",
        how="keep",
    ),
    # -- credentials -----------------------------------------------------------------------------------------------
    FieldRule("client-secret-field", "secret", ("client_secret", "*_client_secret"), "lets its holder act on the object", "O", in_text=True),
    FieldRule(
        "secret-field", "secret", ("secret", "signing_secret", "webhook_secret", "secret_key", "endpoint_secret"),
        "signs events or makes keys", "O, C", in_text=True,
    ),
    FieldRule(
        "credential-field", "secret",
        ("api_key", "apikey", "access_token", "refresh_token", "id_token", "auth_token", "authentication_token", "auth_code",
         "authorization", "private_key", "private_key_file", "session_token", "device_token", "stripe_publishable_key",
         "publishable_key", "ephemeral_key", "account_session_token", "x_api_key", "client_key", "bearer_token", "websocket_id",
         "access_key", "secret_access_key", "credential", "credentials"),
        "a credential by its name", "O, C, D", in_text=True,
    ),
    FieldRule(
        "password-field", "secret",
        ("password", "passwd", "passphrase", "private_key_file_password", "personal_psk", "one_time_code"),
        "a password by its name", "O", in_text=True,
    ),
    FieldRule("pin-field", "secret", ("pin", "otp"), "a password by its name; not a map's", "O", like=r"\S{3,}"),
    FieldRule("apps-secret", "secret", ("payload",), "the payload of an apps.secret", "O", within=("apps.secret", "secrets")),
    FieldRule("oauth-code", "secret", ("code", "state", "assertion"), "becomes a key", "D", within=("oauth",)),
    FieldRule("key-parameter", "secret", ("key",), "browser calls carry the key as a parameter", "D", like=r"(?=.*[0-9])\S{16,}", outside=("metadata", "custom_fields", "dropdown", "enabled_events", "data_mapping")),
    FieldRule("telemetry-id", "secret", ("telemetry_id", "guid", "muid", "sid", "payment_user_agent", "pasted_fields", "time_on_page"), "names a machine or a browser", "P"),
    FieldRule("csrf", "secret", ("csrf_token", "x_stripe_csrf_token"), "session", "D"),
    FieldRule(
        "forwarded-header", "secret", ("value",), "credentials of other services", "D",
        within=("headers",), outside=("metadata",), like=r"(?!(?:application|text|multipart|image|\*)/[^;\s]*(?:;.*)?\Z).+",
    ),
    # -- URLs that let their holder in ---------------------------------------------------------------------------------
    FieldRule(
        "bearer-url", "secret",
        ("redirect_url", "hosted_invoice_url", "invoice_pdf", "receipt_url", "hosted_instructions_url", "hosted_voucher_url",
         "hosted_verification_url", "hosted_regulatory_receipt_url", "mandate_url", "registry_url", "certificate", "websocket_url",
         "onboarding_url", "tracking_url", "image_url_png", "image_url_svg", "verification_url", "hosted_url"),
        "the URL is the key", "O", how="url",
    ),
    FieldRule("object-url", "secret", ("url",), "the URL is the key", "O", within=_SECRET_URLS, outside=("accounts", "line_items", "links", "data", "owners"), how="url"),
    # -- people --------------------------------------------------------------------------------------------------------
    FieldRule(
        "email-field", "email",
        ("email", "receipt_email", "customer_email", "customer_email_address", "support_email", "contact_email", "payer_email",
         "instructions_email", "verified_email", "email_sent_to", "billing_email", "*_email"),
        "names a person", "O",
    ),
    FieldRule("phone-field", "phone", ("phone", "phone_number", "support_phone", "contact_phone", "customer_phone", "verified_phone", "*_phone"), "names a person", "O"),
    FieldRule(
        "name-field", "full_name",
        ("full_name", "cardholder_name", "account_holder_name", "customer_name", "public_name", "full_name_aliases", "legal_name",
         "business_name", "payer_name", "beneficiary_name", "owner_name", "sender_name", "recipient_name", "name_on_card"),
        "names a person", "O",
    ),
    FieldRule("name-of-person", "full_name", ("name",), "names a person", "O", within=_PEOPLE, outside=("product", "products", "price", "plan", "shipping_rate", "preferred_locales", "headers")),
    FieldRule(
        "part-of-name", "name",
        ("first_name", "last_name", "maiden_name", "middle_name", "given_name", "family_name", "surname", "nickname",
         "name_kana", "name_kanji", "first_name_kana", "first_name_kanji", "last_name_kana", "last_name_kanji"),
        "names a person", "O",
    ),
    FieldRule("street-field", "street", ("line1", "line2", "address_line1", "address_line2", "raw_address", "street", "street_address", "formatted_address"), "where a person lives", "O"),
    FieldRule("city-field", "city", ("city", "town", "address_city", "locality"), "where a person lives", "O", outside=("locations", "climate.supplier")),
    FieldRule("postal-code-field", "postal_code", ("postal_code", "address_zip", "zip", "zip_code", "postcode"), "where a person lives; the area stays, tax depends on it", "O"),
    FieldRule("birth-part", "date_of_birth", ("day", "month", "year"), "date of birth", "O", within=("dob", "date_of_birth", "birth_date", "birthdate")),
    FieldRule("birth-field", "date_of_birth", ("dob", "date_of_birth", "birth_date", "birthdate"), "date of birth", "O"),
    FieldRule("birth-place", "city", ("unparsed_place_of_birth", "place_of_birth"), "place of birth", "P"),
    FieldRule("sex-field", "sex", ("sex", "unparsed_sex", "gender", "legal_gender", "self_identified_gender"), "sex", "O"),
    FieldRule("nationality-field", "country_of_person", ("nationality", "nationalities"), "nationality", "O"),
    FieldRule("exposure-field", "political_exposure", ("political_exposure",), "politically exposed person", "O"),
    FieldRule("document-date", "date_of_birth", ("day", "month", "year"), "dates of an identity document", "O", within=("expiration_date", "issued_date")),
    # -- numbers of people ---------------------------------------------------------------------------------------------
    FieldRule(
        "national-id", "digits",
        ("id_number", "id_number_secondary", "id_numbers", "personal_id_number", "passport", "ssn", "national_id", "social_security_number",
         "passport_number", "drivers_license"),
        "national id", "O",
    ),
    FieldRule("national-id-part", "short_digits", ("ssn_last_4", "ssn_last4"), "national id", "O"),
    FieldRule("document-number", "digits", ("number",), "number of an identity document", "O", within=("document", "identity.verification_report", "id_document")),
    FieldRule("tax-id", "digits", ("tax_id", "vat_id", "registration_number", "business_vat_id", "ein"), "tax id", "O"),
    FieldRule("tax-id-value", "digits", ("value",), "tax id", "O", within=("tax_ids", "customer_tax_ids", "tax_id_data", "tax_id", "account_tax_ids")),
    # -- cards ---------------------------------------------------------------------------------------------------------
    FieldRule("card-number-field", "card", ("card_number", "pan", "account_pan", "primary_account_number"), "card", "O"),
    FieldRule("card-number-in-card", "card", ("number",), "card", "O", within=_CARD),
    FieldRule("card-code", "cvc", ("cvc", "cvv", "cvv2", "cvc2", "cvc_update", "card_cvc", "security_code"), "card", "O"),
    FieldRule("card-expiry-month", "month", ("exp_month", "expiry_month"), "card", "O"),
    FieldRule("card-expiry-year", "year", ("exp_year", "expiry_year"), "card", "O"),
    FieldRule("card-chip", "secret", ("cryptogram", "emv_auth_data", "track1", "track2", "track_1", "track_2", "track_data", "encrypted_pin"), "card", "O"),
    FieldRule("fingerprint-field", "fingerprint", ("fingerprint",), "one card or account across customers", "O"),
    FieldRule("card-bin", "short_digits", ("iin", "bin"), "card", "O", like="[0-9]{4,}"),
    FieldRule("card-last4", "short_digits", ("last4", "dynamic_last4"), "the card's placeholder keeps its last four", "D", within=("card", "card_present", "wallet", "issuing.card"), how="keep"),
    FieldRule("last4-field", "short_digits", ("last4", "account_number_last4", "iban_last4", "bank_last4"), "part of an account number", "O"),
    # -- bank accounts -------------------------------------------------------------------------------------------------
    FieldRule("routing-number-field", "routing_number", ("routing_number", "aba_routing_number"), "bank account", "O"),
    FieldRule(
        "account-number-field", "digits",
        ("account_number", "sender_account_number", "sort_code", "bsb_number", "clabe", "institution_number", "transit_number", "bank_account_number"),
        "bank account", "O",
    ),
    FieldRule("iban-field", "iban", ("iban",), "bank account", "O"),
    FieldRule("bank-code", "digits", ("bic", "swift_code", "swift"), "bank account", "O"),
    FieldRule("fc-account-name", "account_name", ("display_name",), "names bank and account", "P", within=("financial_connections.account", "financial_connections")),
    FieldRule("fc-institution", "institution", ("institution_name", "bank_name"), "names the person's bank", "P"),
    FieldRule("fc-transaction", "description", ("description",), "shopping history", "P", within=("financial_connections.transaction", "transactions")),
    # -- network and devices -------------------------------------------------------------------------------------------
    FieldRule(
        "ip-field", "ip_address",
        ("ip", "ip_address", "client_ip", "customer_ip_address", "customer_purchase_ip", "destination_ip_address", "purchase_ip"),
        "where a person is", "O",
    ),
    FieldRule("user-agent-field", "user_agent", ("user_agent",), "names a browser", "O"),
    FieldRule(
        "device-field", "device",
        ("device_fingerprint", "customer_device_fingerprint", "customer_device_id", "pos_device_id", "serial_number", "device_name", "device_id", "uname"),
        "names a device", "O, C",
    ),
    FieldRule("radar-session", "secret", ("session",), "device data", "O", within=("radar_options",)),
    # -- wallets -------------------------------------------------------------------------------------------------------
    FieldRule("wallet-address", "wallet", ("wallet_address", "deposit_address", "crypto_address"), "a person's wallet", "P"),
    FieldRule(
        "wallet-addresses", "wallet",
        ("avalanche", "avalanche_c_chain", "base", "base_network", "bitcoin", "ethereum", "polygon", "solana", "stellar", "celo", "optimism", "sui", "tempo", "worldchain", "aptos", "xrpl"),
        "a person's wallet", "P", within=("wallet_addresses", "destination_tags"),
    ),
    FieldRule("wallet-transaction", "wallet", ("transaction_id", "transaction_hash"), "a person's wallet", "P", within=("crypto.onramp_session", "transaction_details", "crypto")),
    # -- shipping ------------------------------------------------------------------------------------------------------
    FieldRule("tracking-number", "secret", ("tracking_number",), "leads to an address", "O"),
)  # fmt: skip
