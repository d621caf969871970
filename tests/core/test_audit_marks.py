"""The agreed forms are accepted, and nothing that only resembles them."""

from collections.abc import Callable

import pytest

from fcproxy.core import audit_marks as marks

ACCEPTED: list[tuple[Callable[[str], bool], str]] = [
    (marks.mark, ""),
    (marks.mark, "***"),
    (marks.mark, "<REDACTED>"),
    (marks.mark, "[FILTERED]"),
    (marks.mark, "REDACTED"),
    (marks.mark, "REDACTED~1"),
    (marks.mark, "sk_test_REDACTED~1"),
    (marks.mark, "sk_org_live_REDACTED~12"),
    (marks.mark, "whsec_REDACTED~2"),
    (marks.mark, "accs_secret__REDACTED~3"),
    (marks.mark, "fcsess_client_secret_REDACTED~1"),
    (marks.mark, "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_REDACTED~1"),
    (marks.mark, "vs_1NuN4zLkdIwHu7ixleE6HvkI_secret_test_REDACTED~1"),
    (marks.mark, "cs_test_REDACTED~1_secret_REDACTED~2"),
    (marks.mark, "REDACTED~idempotency-key-4"),
    (marks.mark, "Redacted Name 1"),
    (marks.mark, "Redacted Full Name 12"),
    (marks.mark, "redacted-7@example.com"),
    (marks.phone_mark, "+12015550100"),
    (marks.phone_mark, "+1 (201) 555-0199"),
    (marks.ip_mark, "192.0.2.1"),
    (marks.ip_mark, "203.0.113.9"),
    (marks.ip_mark, "2001:db8::a"),
    (marks.date_mark, "1901-01-02"),
    (marks.date_mark, "1970-02-03"),
    (marks.digits_mark, "000000012"),
    (marks.digits_mark, "0001"),
    (marks.digits_mark, "00-0001"),
    (marks.digits_mark, "DE000000003"),
    (marks.digits_mark, "L00X00X01"),
    (marks.iban_mark, "DE67000000000000000001"),
    (marks.pan_mark, "4000000000134242"),
    (marks.pan_mark, "378280000018431"),
    (marks.wallet_mark, "0x0000000000000000000000000000000000000012"),
    (marks.wallet_mark, "bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp"),
]

REFUSED: list[tuple[Callable[[str], bool], str]] = [
    (marks.mark, "sk_test_REDACTED~1x4Yq"),
    (marks.mark, "sk_test_REDACTED"),
    (marks.mark, "sk_test_aB3_REDACTED~1"),
    (marks.mark, "x REDACTED~1"),
    (marks.mark, "REDACTED~1 and more"),
    (marks.mark, "Redacted Jenny Rosen"),
    (marks.mark, "Redacted 1"),
    (marks.mark, "redacted-7@example.org"),
    (marks.mark, "redacted-jenny@example.com"),
    (marks.phone_mark, "+12015551100"),
    (marks.phone_mark, "+4930123456"),
    (marks.ip_mark, "192.0.3.1"),
    (marks.ip_mark, "81.2.69.142"),
    (marks.ip_mark, "2001:db9::1"),
    (marks.date_mark, "1985-04-03"),
    (marks.date_mark, "1971-01-01"),
    (marks.digits_mark, "123456789"),
    (marks.digits_mark, "000456789"),
    (marks.digits_mark, "DE287654321"),
    (marks.digits_mark, "L01B22T47"),
    (marks.digits_mark, ".".join("abc")),
    (marks.iban_mark, "DE44500105175407324931"),
    (marks.pan_mark, "4539578763621486"),
    (marks.pan_mark, "4000001234561234"),
    (marks.wallet_mark, "0x52908400098527886E0F7030069857D2E4169EE7"),
]


@pytest.mark.parametrize(("accepts", "value"), ACCEPTED, ids=[value for _, value in ACCEPTED])
def test_an_agreed_form_is_accepted(accepts: Callable[[str], bool], value: str) -> None:
    assert accepts(value)


@pytest.mark.parametrize(("accepts", "value"), REFUSED, ids=[value for _, value in REFUSED])
def test_what_resembles_one_is_not(accepts: Callable[[str], bool], value: str) -> None:
    assert not accepts(value)


def test_the_mark_of_a_number_is_mostly_zeros() -> None:
    assert all(map(marks.number_mark, ("9001", "900001", "90000000001", "90000000012345")))
    assert not any(map(marks.number_mark, ("9", "90", "901", "9010", "9000", "900123", "80001", "9000x1", "90012345")))
