"""Shapes of ids and keys."""

import pytest

from fcproxy.fake.mint import mint
from fcproxy.stripe.ids import ALPHABET, IDS, Key, Shape, is_account, is_well_formed, parse_key

LENGTHS = {Shape.LONG: 24, Shape.SHORT: 14, Shape.ACCOUNT: 16, Shape.HEX: 64}


@pytest.mark.parametrize("kind", sorted(IDS))
def test_minted_ids_have_their_shape(kind: str) -> None:
    shape = IDS[kind]
    account = mint("seed", "account", 0, 0, "")
    made = mint("seed", kind, 1, 1_793_188_800, account)
    tail = made.removeprefix(shape.prefix)
    assert len(tail) == LENGTHS[shape.shape]
    assert set(tail) <= set(ALPHABET)
    if shape.shape is Shape.LONG:
        assert tail[0] == "1"
        assert tail[6:16] == account[-10:]
    assert made != mint("seed", kind, 2, 1_793_188_800, account)
    assert made != mint("other", kind, 1, 1_793_188_800, account)
    assert made == mint("seed", kind, 1, 1_793_188_800, account)


@pytest.mark.parametrize(
    ("value", "well"),
    [
        ("cus_NiKSWdaFz2F6I0", True),
        ("cus_", False),
        ("cus_123", False),
        ("cus_NiKSWdaFz2F6I0!", False),
        ("cus_NiKSWdaFz2F6I0\n", False),
        ("acct_NiKSWdaFz2F6I0", False),
        ("", False),
    ],
)
def test_well_formed_customers(value: str, well: bool) -> None:
    assert is_well_formed("customer", value) is well


def test_accounts() -> None:
    assert is_account("acct_1032D82eZvKYlo2C")
    assert not is_account("acct_1")
    assert not is_account("cus_1032D82eZvKYlo2C")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sk_" + "test_" + "abc", Key("sk", False)),
        ("sk_" + "live_" + "abc", Key("sk", True)),
        ("rk_" + "live_" + "abc", Key("rk", True)),
        ("pk_" + "test_" + "abc", Key("pk", False)),
        ("rkcs_" + "test_" + "abc", Key("rkcs", False)),
        ("sk_" + "org_" + "live_" + "abc", Key("sk_org", True)),
        ("oak_" + "abc", Key("oak", None)),
        ("sk_" + "test_" + "fcproxy_d1", Key("sk", False)),
        ("sk_" + "test_", None),
        ("sk_" + "prod_" + "abc", None),
        ("sk_" + "test_" + "a b", None),
        ("whsec_" + "abc", None),
        ("", None),
    ],
)
def test_keys(text: str, key: Key | None) -> None:
    assert parse_key(text) == key


def test_who_may_be_seen_by_browsers() -> None:
    assert Key("pk", False).publishable
    assert not Key("sk", False).publishable
