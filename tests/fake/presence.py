"""What may be absent and what may be null, for each kind of object: facts that the SDK for Python does not tell apart.

Source: the declarations of the SDK for node 23.1.0, where ``name?: T`` is absent unless it is set and never null, and
``name: T | null`` is always there. Paths are dotted, and lead through lists.
"""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["ALWAYS_THERE", "NEVER_NULL", "presence_faults"]

ALWAYS_THERE: Mapping[str, str] = {
    "card": (
        "address_city address_country address_line1 address_line1_check address_line2 address_state address_zip "
        "address_zip_check country cvc_check dynamic_last4 metadata name networks.preferred regulated_status "
        "tokenization_method"
    ),
    "climate.order": (
        "canceled_at cancellation_reason certificate confirmed_at delayed_at delivered_at "
        "delivery_details.location delivery_details.location.city delivery_details.location.latitude "
        "delivery_details.location.longitude delivery_details.location.region delivery_details.registry_url "
        "product_substituted_at"
    ),
    "climate.product": "delivery_year",
    "climate.supplier": "locations.city locations.latitude locations.longitude locations.region",
    "customer": (
        "address.city address.country address.line1 address.line2 address.postal_code address.state "
        "cash_balance.available cash_balance.customer_account default_source description email "
        "invoice_settings.custom_fields invoice_settings.default_payment_method invoice_settings.footer "
        "invoice_settings.rendering_options invoice_settings.rendering_options.amount_tax_display "
        "invoice_settings.rendering_options.template shipping shipping.address.city shipping.address.country "
        "shipping.address.line1 shipping.address.line2 shipping.address.postal_code shipping.address.state "
        "tax.ip_address tax.location tax.location.state"
    ),
    "event": "api_version request request.id request.idempotency_key",
    "financial_connections.account": (
        "account_holder account_numbers account_numbers.expected_expiry_date balance balance.cash.available "
        "balance.credit.used balance_refresh balance_refresh.next_refresh_available_at display_name last4 "
        "ownership ownership_refresh ownership_refresh.next_refresh_available_at permissions subscriptions "
        "transaction_refresh transaction_refresh.next_refresh_available_at"
    ),
    "financial_connections.account_owner": "email phone raw_address refreshed_at",
    "financial_connections.session": (
        "account_holder client_secret filters.account_subcategories filters.country prefetch"
    ),
    "financial_connections.transaction": "status_transitions.posted_at status_transitions.void_at",
    "forwarding.request": "request_context request_details response_details url",
    "identity.verification_report": (
        "client_reference_id document.address document.address.city document.address.country "
        "document.address.line1 document.address.line2 document.address.postal_code document.address.state "
        "document.dob.day document.dob.month document.dob.year document.error document.error.code "
        "document.error.reason document.expiration_date.day document.expiration_date.month "
        "document.expiration_date.year document.files document.first_name document.issued_date "
        "document.issued_date.day document.issued_date.month document.issued_date.year document.issuing_country "
        "document.last_name document.type email.email email.error email.error.code email.error.reason "
        "id_number.dob.day id_number.dob.month id_number.dob.year id_number.error id_number.error.code "
        "id_number.error.reason id_number.first_name id_number.id_number_type id_number.last_name phone.error "
        "phone.error.code phone.error.reason phone.phone selfie.document selfie.error selfie.error.code "
        "selfie.error.reason selfie.selfie verification_session"
    ),
    "identity.verification_session": (
        "client_reference_id client_secret last_error last_error.code last_error.reason last_verification_report "
        "options redaction related_customer related_customer_account url verified_outputs.address "
        "verified_outputs.address.city verified_outputs.address.country verified_outputs.address.line1 "
        "verified_outputs.address.line2 verified_outputs.address.postal_code verified_outputs.address.state "
        "verified_outputs.dob.day verified_outputs.dob.month verified_outputs.dob.year verified_outputs.email "
        "verified_outputs.first_name verified_outputs.id_number_type verified_outputs.last_name "
        "verified_outputs.phone"
    ),
    "payment_method": (
        "acss_debit.bank_name acss_debit.fingerprint acss_debit.institution_number acss_debit.last4 "
        "acss_debit.transit_number au_becs_debit.bsb_number au_becs_debit.fingerprint au_becs_debit.last4 "
        "bacs_debit.fingerprint bacs_debit.last4 bacs_debit.sort_code billing_details.address "
        "billing_details.address.city billing_details.address.country billing_details.address.line1 "
        "billing_details.address.line2 billing_details.address.postal_code billing_details.address.state "
        "billing_details.email billing_details.name billing_details.phone billing_details.tax_id card.checks "
        "card.checks.address_line1_check card.checks.address_postal_code_check card.checks.cvc_check card.country "
        "card.generated_from card.wallet card.display_brand card.networks card.networks.preferred "
        "card.regulated_status card.three_d_secure_usage cashapp.buyer_id cashapp.cashtag custom.display_name "
        "custom.logo custom.logo.content_type customer customer_account eps.bank fpx.account_holder_type ideal.bank "
        "ideal.bic klarna.dob.day klarna.dob.month klarna.dob.year kr_card.brand kr_card.last4 link.email metadata "
        "naver_pay.buyer_id nz_bank_account.account_holder_name nz_bank_account.suffix p24.bank paypal.country "
        "paypal.payer_email paypal.payer_id payto.bsb_number payto.last4 payto.pay_id sepa_debit.bank_code "
        "sepa_debit.branch_code sepa_debit.country sepa_debit.fingerprint sepa_debit.generated_from "
        "sepa_debit.last4 sofort.country upi.vpa us_bank_account.account_holder_type us_bank_account.account_type "
        "us_bank_account.bank_name us_bank_account.financial_connections_account us_bank_account.fingerprint "
        "us_bank_account.last4 us_bank_account.networks us_bank_account.networks.preferred "
        "us_bank_account.routing_number us_bank_account.status_details "
        "us_bank_account.status_details.blocked.network_code us_bank_account.status_details.blocked.reason"
    ),
    "price": (
        "custom_unit_amount custom_unit_amount.maximum custom_unit_amount.minimum custom_unit_amount.preset "
        "lookup_key nickname recurring recurring.meter recurring.trial_period_days tax_behavior tiers.flat_amount "
        "tiers.flat_amount_decimal tiers.unit_amount tiers.unit_amount_decimal tiers.up_to tiers_mode "
        "transform_quantity unit_amount unit_amount_decimal"
    ),
    "product": (
        "description package_dimensions shippable tax_details tax_details.performance_location tax_details.tax_code url"
    ),
    "tax.association": "tax_transaction_attempts",
    "tax.calculation": (
        "id customer customer_details.address customer_details.address.city customer_details.address.country "
        "customer_details.address.line1 customer_details.address.line2 customer_details.address.postal_code "
        "customer_details.address.state customer_details.address_source customer_details.ip_address expires_at "
        "ship_from_details ship_from_details.address.city ship_from_details.address.country "
        "ship_from_details.address.line1 ship_from_details.address.line2 ship_from_details.address.postal_code "
        "ship_from_details.address.state shipping_cost shipping_cost.tax_breakdown.jurisdiction.state "
        "shipping_cost.tax_breakdown.tax_rate_details tax_breakdown.tax_rate_details.country "
        "tax_breakdown.tax_rate_details.flat_amount tax_breakdown.tax_rate_details.rate_type "
        "tax_breakdown.tax_rate_details.state tax_breakdown.tax_rate_details.tax_type"
    ),
    "tax.calculation_line_item": (
        "metadata performance_location product tax_breakdown.jurisdiction.state tax_breakdown.tax_rate_details"
    ),
    "tax.location": (
        "address.city address.country address.line1 address.line2 address.postal_code address.state description"
    ),
    "tax.registration": "expires_at",
    "tax.settings": (
        "defaults.tax_behavior defaults.tax_code head_office head_office.address.city head_office.address.country "
        "head_office.address.line1 head_office.address.line2 head_office.address.postal_code "
        "head_office.address.state status_details.pending.missing_fields"
    ),
    "tax.transaction": (
        "customer customer_details.address customer_details.address.city customer_details.address.country "
        "customer_details.address.line1 customer_details.address.line2 customer_details.address.postal_code "
        "customer_details.address.state customer_details.address_source customer_details.ip_address metadata "
        "reversal reversal.original_transaction ship_from_details ship_from_details.address.city "
        "ship_from_details.address.country ship_from_details.address.line1 ship_from_details.address.line2 "
        "ship_from_details.address.postal_code ship_from_details.address.state shipping_cost "
        "shipping_cost.tax_breakdown.jurisdiction.state shipping_cost.tax_breakdown.tax_rate_details"
    ),
    "tax.transaction_line_item": "metadata product reversal",
    "tax_id": (
        "country customer customer_account owner owner.customer_account verification verification.verified_address "
        "verification.verified_name"
    ),
    "webhook_endpoint": "api_version application description",
}
"""Kind -> fields that are there, and may be null."""
NEVER_NULL: Mapping[str, str] = {
    "card": "description iin issuer networks",
    "climate.order": "beneficiary",
    "customer": (
        "business_name individual_name invoice_credit_balance next_invoice_sequence shipping.address shipping.name "
        "sources subscriptions tax tax_ids"
    ),
    "financial_connections.account": (
        "account_holder.account account_holder.customer account_holder.customer_account balance.cash "
        "balance.credit status_details status_details.active"
    ),
    "financial_connections.session": (
        "account_holder.account account_holder.customer account_holder.customer_account bank_account_token "
        "filters filters.require_payment_method_support limits manual_entry manual_entry.mode return_url"
    ),
    "identity.verification_report": (
        "document email id_number options options.document options.document.allowed_types "
        "options.document.require_id_number options.document.require_live_capture "
        "options.document.require_matching_selfie options.id_number phone selfie verification_flow"
    ),
    "identity.verification_session": (
        "options.document options.document.allowed_types options.document.require_id_number "
        "options.document.require_live_capture options.document.require_matching_selfie options.email "
        "options.email.require_verification options.id_number options.matching options.matching.dob "
        "options.matching.name options.phone options.phone.require_verification provided_details.email "
        "provided_details.phone related_person verification_flow"
    ),
    "payment_method": (
        "acss_debit affirm afterpay_clearpay alipay allow_redisplay alma amazon_pay au_becs_debit bacs_debit "
        "bancontact billie bizum blik boleto card cashapp crypto custom customer_balance eps fpx giropay grabpay "
        "ideal kakao_pay klarna konbini kr_card link link.persistent_token mb_way mobilepay multibanco naver_pay "
        "nz_bank_account oxxo p24 pay_by_bank payco paynow paypal paypay payto pix promptpay radar_options "
        "radar_options.session revolut_pay samsung_pay satispay scalapay sepa_debit sequra sofort sunbit swish "
        "twint upi us_bank_account us_bank_account.status_details.blocked wechat_pay zip"
    ),
    "price": "currency_options tiers",
    "product": "marketing_features.name",
    "tax.association": "tax_transaction_attempts.committed tax_transaction_attempts.errored",
    "tax.calculation": "shipping_cost.shipping_rate shipping_cost.tax_breakdown",
    "tax.settings": "status_details.active status_details.pending",
    "tax.transaction": "shipping_cost.shipping_rate shipping_cost.tax_breakdown",
    "tax_id": "owner.account owner.application owner.customer",
    "webhook_endpoint": "secret",
}
"""Kind -> fields that may be missing, and are never null."""


def presence_faults(doc: Mapping[str, Any]) -> Iterator[str]:
    """Every field of an answer that is missing or null and must not be."""
    kind = doc["object"]
    for path in ALWAYS_THERE.get(kind, "").split():
        yield from (f"{kind}.{path}: missing" for holder, name in _holders(doc, path) if name not in holder)
    for path in NEVER_NULL.get(kind, "").split():
        found = (holder.get(name, "") for holder, name in _holders(doc, path))
        yield from (f"{kind}.{path}: null" for value in found if value is None)


def _holders(value: Any, path: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The hashes that may hold what a path ends in, and the name that it has there."""
    first, _, rest = path.partition(".")
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, path)
    elif isinstance(value, dict) and not rest:
        yield value, first
    elif isinstance(value, dict):
        yield from _holders(value.get(first), rest)
