"""People and credentials in the cells of reports and exports, where only the head of the column tells what they are."""

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redact_table import with_cells
from fcproxy.server.audit_files import Settings, audit_bytes, auditor_for
from tests.attacks.hunt import record, rng_for
from tests.attacks.prey import letters

TOKEN = letters(rng_for("tables"), 40)
SETTINGS = Settings(b"k" * 16)
AUDITOR = auditor_for(SETTINGS)

REPORT = """\
id,customer_name,customer_email,card_name,card_address_line1,shipping_address_city,amount,product_name
cus_1,Jenny Quuxberg,jq@quux.org,J M Quuxberg,22 Acacia Avenue,Wolverhampton,1000,Gold plan
"""
TABLES = {
    "report": (
        REPORT.replace("\n", "\r\n"),
        ("Quuxberg", "jq@quux.org", "Acacia", "Wolverhampton"),
        ("cus_1", "1000", "Gold plan"),
    ),
    "quoted export": (
        '"id","Customer Name","Description"\n"x","Quuxberg, ""Jenny""\nMaria","fine, thanks"\n"y","Al","b"\n',
        ("Quuxberg", "Maria", '"Al"'),
        ('"fine, thanks"', '"y"'),
    ),
    "semicolons, byte order mark": (f"\ufeffid;Access Token;x\n1;{TOKEN};2\n", (TOKEN,), ("1;", ";2")),
    "tabs, metadata": (f"metadata[email]\tmetadata[api_key]\nx@quux.org\t{TOKEN}\n", ("quux.org", TOKEN), ()),
}


def stored(text: str, content_type: str) -> str:
    headers = Headers([("Content-Type", content_type)])
    request = Request("GET", "https://files.stripe.com/v1/files/file_1/contents", Headers())
    return record(Interaction(request, Response(200, headers, text.encode(), "OK")))[0].response.body.decode()


@pytest.mark.parametrize("content_type", ["text/csv", "text/plain; charset=utf-8", "application/octet-stream"])
@pytest.mark.parametrize("name", TABLES)
def test_cells_are_redacted_by_the_name_of_their_column(name: str, content_type: str) -> None:
    text, gone, stays = TABLES[name]
    kept = stored(text, content_type)
    assert not [value for value in gone if value in kept]
    assert not [value for value in stays if value not in kept]
    assert kept.splitlines()[0] == text.splitlines()[0]
    assert stored(kept, content_type) == kept


@pytest.mark.parametrize("name", TABLES)
def test_the_audit_reads_tables_with_a_reader_of_its_own(name: str) -> None:
    text = TABLES[name][0]
    assert audit_bytes(text.encode(), "report.csv", settings=SETTINGS, auditor=AUDITOR).findings
    kept = stored(text, "text/csv")
    assert not audit_bytes(kept.encode(), "report.csv", settings=SETTINGS, auditor=AUDITOR).findings


@pytest.mark.parametrize(
    "text",
    [
        "",
        "customer_name",
        "customer_name,amount",
        "one line, customer_name\n",
        "name,amount\nGold,12\n",
        "Dear Sir, what a day.\nName, please: none\n",
        "a=1,customer_name\nx,y\n",
        'customer_name,amount\n"unclosed',
    ],
)
def test_what_is_no_table_or_names_nobody_stays(text: str) -> None:
    assert with_cells(text, lambda name: str.upper if name == "nobody" else None) == text


def test_rows_of_other_lengths_keep_their_columns() -> None:
    text = 'a,b\n1,2,3\n4\n\n,5\r\n"6","7"x\n'
    assert with_cells(text, lambda name: (lambda _: "!") if name == "b" else None) == 'a,b\n1,!,3\n4\n\n,!\r\n"6","!"\n'
