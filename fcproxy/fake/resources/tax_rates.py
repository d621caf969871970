"""Tax rates and the places they hold in, as data: one rate for a place. Real jurisdictions have many; only the shape
and the arithmetic of an answer are meant to be faithful.

California's 9.875 % is that of Stripe's own sample calculation; the others are national standard rates and US state
rates as of 2025.
"""

from dataclasses import dataclass

__all__ = ["EXEMPT_CODES", "IP_PLACE", "SHIPPING_CODE", "US_SHIPPING_FREE", "Rate", "rate_of", "state_of_zip"]

SHIPPING_CODE = "txcd_92010001"
EXEMPT_CODES = frozenset(("txcd_00000000",))
"""Tax codes on which nothing is due anywhere."""
US_SHIPPING_FREE = frozenset(("AZ", "CA", "CO", "IA", "ID", "LA", "MA", "MD", "ME", "MO", "NV", "OK", "UT", "VA"))
"""States in which shipping that is named apart is not taxed."""
IP_PLACE = {"country": "US", "state": "CA", "postal_code": "94103"}
"""Where every IP address is taken to be."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate. ``percentage`` is decimal text, ``level`` that of the jurisdiction."""

    percentage: str
    tax_type: str
    display_name: str
    level: str
    jurisdiction: str


_VAT = {
    "AT": "20.0", "BE": "21.0", "BG": "20.0", "CH": "8.1", "CY": "19.0", "CZ": "21.0", "DE": "19.0", "DK": "25.0",
    "EE": "24.0", "ES": "21.0", "FI": "25.5", "FR": "20.0", "GB": "20.0", "GR": "24.0", "HR": "25.0", "HU": "27.0",
    "IE": "23.0", "IS": "24.0", "IT": "22.0", "LT": "21.0", "LU": "17.0", "LV": "21.0", "MT": "18.0", "MX": "16.0",
    "NL": "21.0", "NO": "25.0", "PL": "23.0", "PT": "23.0", "RO": "21.0", "SE": "25.0", "SI": "22.0", "SK": "23.0",
    "AE": "5.0", "SA": "15.0", "ZA": "15.0", "TR": "20.0", "KR": "10.0", "TH": "7.0", "CL": "19.0", "KE": "16.0",
}  # fmt: skip
_GST = {"AU": "10.0", "NZ": "15.0", "SG": "9.0", "IN": "18.0"}
_OTHERS = {"JP": ("10.0", "jct", "Consumption Tax"), "MY": ("8.0", "service_tax", "Service Tax")}
_STATES = {
    "AL": "4.0", "AK": "0.0", "AZ": "5.6", "AR": "6.5", "CA": "9.875", "CO": "2.9", "CT": "6.35", "DC": "6.0",
    "DE": "0.0", "FL": "6.0", "GA": "4.0", "HI": "4.0", "IA": "6.0", "ID": "6.0", "IL": "6.25", "IN": "7.0",
    "KS": "6.5", "KY": "6.0", "LA": "5.0", "MA": "6.25", "MD": "6.0", "ME": "5.5", "MI": "6.0", "MN": "6.875",
    "MO": "4.225", "MS": "7.0", "MT": "0.0", "NC": "4.75", "ND": "5.0", "NE": "5.5", "NH": "0.0", "NJ": "6.625",
    "NM": "4.875", "NV": "6.85", "NY": "4.0", "OH": "5.75", "OK": "4.5", "OR": "0.0", "PA": "6.0", "PR": "10.5",
    "RI": "7.0", "SC": "6.0", "SD": "4.2", "TN": "7.0", "TX": "6.25", "UT": "4.85", "VA": "4.3", "VT": "6.0",
    "WA": "6.5", "WI": "5.0", "WV": "6.0", "WY": "4.0",
}  # fmt: skip
_PROVINCES = {
    "AB": ("5.0", "gst"), "BC": ("12.0", "gst"), "MB": ("12.0", "gst"), "NB": ("15.0", "hst"), "NL": ("15.0", "hst"),
    "NS": ("14.0", "hst"), "NT": ("5.0", "gst"), "NU": ("5.0", "gst"), "ON": ("13.0", "hst"), "PE": ("15.0", "hst"),
    "QC": ("14.975", "gst"), "SK": ("11.0", "gst"), "YT": ("5.0", "gst"),
}  # fmt: skip

_ZIPS = (
    ("005", "005", "NY"), ("006", "009", "PR"), ("010", "027", "MA"), ("028", "029", "RI"), ("030", "038", "NH"),
    ("039", "049", "ME"), ("050", "059", "VT"), ("060", "069", "CT"), ("070", "089", "NJ"), ("100", "149", "NY"),
    ("150", "196", "PA"), ("197", "199", "DE"), ("200", "205", "DC"), ("206", "219", "MD"), ("220", "246", "VA"),
    ("247", "268", "WV"), ("270", "289", "NC"), ("290", "299", "SC"), ("300", "319", "GA"), ("320", "349", "FL"),
    ("350", "369", "AL"), ("370", "385", "TN"), ("386", "397", "MS"), ("398", "399", "GA"), ("400", "427", "KY"),
    ("430", "459", "OH"), ("460", "479", "IN"), ("480", "499", "MI"), ("500", "528", "IA"), ("530", "549", "WI"),
    ("550", "567", "MN"), ("569", "569", "DC"), ("570", "577", "SD"), ("580", "588", "ND"), ("590", "599", "MT"),
    ("600", "629", "IL"), ("630", "658", "MO"), ("660", "679", "KS"), ("680", "693", "NE"), ("700", "714", "LA"),
    ("716", "729", "AR"), ("730", "749", "OK"), ("750", "799", "TX"), ("800", "816", "CO"), ("820", "831", "WY"),
    ("832", "838", "ID"), ("840", "847", "UT"), ("850", "865", "AZ"), ("870", "884", "NM"), ("885", "885", "TX"),
    ("889", "898", "NV"), ("900", "961", "CA"), ("967", "968", "HI"), ("970", "979", "OR"), ("980", "994", "WA"),
    ("995", "999", "AK"),
)  # fmt: skip
"""First three digits of ZIP codes, from and to -> state. Source: the Postal Service's prefix list."""


def state_of_zip(postal_code: str) -> str | None:
    """The US state of a ZIP code; None for one that is not given to a state."""
    head = postal_code.strip()[:3]
    if len(postal_code.strip()) < 5 or not (head.isascii() and head.isdigit()):
        return None
    return next((state for first, last, state in _ZIPS if first <= head <= last), None)


def rate_of(country: str, state: str | None) -> Rate | None:
    """The rate in a place; None where no tax is known."""
    if country == "US":
        found = _STATES.get(state or "")
        return Rate(found, "sales_tax", "Sales Tax", "state", state or "") if found else None
    if country == "CA":
        province = _PROVINCES.get(state or "")
        return Rate(province[0], province[1], province[1].upper(), "state", state or "") if province else None
    if country in _VAT:
        return Rate(_VAT[country], "vat", "VAT", "country", country)
    if country in _GST:
        return Rate(_GST[country], "gst", "GST", "country", country)
    if country in _OTHERS:
        return Rate(*_OTHERS[country], "country", country)
    return None
