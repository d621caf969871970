"""Ways to write a text so that a plain search does not find it. Each takes the secret and gives the disguised text."""

import base64
import binascii
import gzip
import json
import quopri
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote

__all__ = ["CREDENTIALS_ONLY", "DISGUISES", "QUOTED_ONLY", "TEXT_ONLY", "Disguise"]

Disguise = Callable[[str], str]


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _partial(text: str) -> str:
    return "".join(f"%{ord(char):02x}" if index % 3 == 1 else char for index, char in enumerate(text))


def _base64(before: str = "", after: str = "") -> Disguise:
    return lambda text: base64.b64encode(f"{before}{text}{after}".encode()).decode()


def _url_safe(text: str) -> str:
    # The bytes before the secret make `-` and `_` appear.
    return base64.urlsafe_b64encode(b"\xfb\xff\xfe" + text.encode()).decode().rstrip("=")


def _bytes64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _entities(form: str) -> Disguise:
    return lambda text: "".join(form.format(ord(char)) for char in text)


def _some_entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" if index % 4 == 2 else char for index, char in enumerate(text))


def _escapes(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _some_escapes(text: str) -> str:
    return "".join(f"\\u{ord(char):04X}" if index % 5 == 3 else char for index, char in enumerate(text))


def _quoted_printable(text: str) -> str:
    return "".join(f"={ord(char):02X}" if index % 2 or char == "=" else char for index, char in enumerate(text))


def _soft_breaks(text: str) -> str:
    return "=\r\n".join(text[at : at + 7] for at in range(0, len(text), 7))


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _uu(text: str) -> str:
    data = f"Dear reader, {text} and so on".encode()
    lines = [binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45)]
    return f"begin 644 note\n{''.join(lines)}`\nend\n"


def _utf7(text: str) -> str:
    """Every third character escaped, as an encoder may that keeps to RFC 2152's direct characters only."""
    coded = [base64.b64encode(char.encode("utf-16-be")).decode().rstrip("=") for char in text]
    return "".join(f"+{coded[at]}-" if at % 3 == 1 or char in "+&=_" else char for at, char in enumerate(text))


def _z85(data: bytes) -> str:
    # ZeroMQ RFC 32 takes whole groups only.
    return base64.b85encode(data + b" " * (-len(data) % 4)).decode().translate(str.maketrans(_GIT85, _ZMQ85))


_GIT85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_ZMQ85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def _base58(text: str) -> str:
    number, out = int.from_bytes(text.encode(), "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[rest] + out
    return out


def _folded(text: str, width: int, end: str = "\n") -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


def _folded64(text: str, width: int, end: str) -> str:
    return _folded(base64.b64encode(f"{'Dear reader, ' * 6}{text}{' and so on' * 6}".encode()).decode(), width, end)


DISGUISES: Mapping[str, Disguise] = {
    "plain": str,
    "in a sentence": lambda text: f"No such thing: {text}. Try again, please!",
    "in quotes": lambda text: f"'{text}'",
    "glued to a word before": lambda text: f"token={text}",
    "percent": _percent,
    "percent lower case": lambda text: _percent(text).lower(),
    "percent twice": lambda text: _percent(_percent(text)),
    "percent three times": lambda text: _percent(_percent(_percent(text))),
    "percent, some": _partial,
    "percent, some, twice": lambda text: quote(_partial(text), safe=""),
    "base64": _base64(),
    "base64, shifted by one": _base64("("),
    "base64, shifted by two": _base64("((", ":x"),
    "base64 in a sentence": lambda text: f"Received {_base64()(text)} from you",
    "base64 of a sentence": _base64("No such key: ", ". Sorry."),
    "base64, URL-safe": _url_safe,
    "base64, no padding": lambda text: _base64(">")(text).rstrip("="),
    "base64 twice": lambda text: _base64()(_base64()(text)),
    "base64 of percent": lambda text: _base64()(_percent(text)),
    "percent of base64": lambda text: _percent(_base64()(text)),
    "base64 of hex": lambda text: _base64()(text.encode().hex()),
    "hex of base64": lambda text: _base64()(text).encode().hex(),
    "base64 of JSON": lambda text: _base64()(json.dumps({"note": [text]})),
    "base64 of UTF-16": lambda text: _bytes64(text.encode("utf-16-le")),
    "base64 of UTF-16 big-endian": lambda text: _bytes64(text.encode("utf-16")),
    "base64 of UTF-32": lambda text: _bytes64(text.encode("utf-32-be")),
    "base64 of gzip": lambda text: _bytes64(gzip.compress(text.encode(), mtime=0)),
    "base64 of zlib": lambda text: _bytes64(zlib.compress(f"note: {text}".encode())),
    "base64 of deflate": lambda text: _bytes64(_raw_deflate(text.encode())),
    "basic credentials": lambda text: "Basic " + _base64("", ":")(text),
    "basic password": lambda text: "Basic " + _base64("user:")(text),
    "data URL": lambda text: "data:text/plain;base64," + _base64()(text),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex, upper case": lambda text: text.encode().hex().upper(),
    "hex, spaced": lambda text: text.encode().hex(" "),
    "hex, colons": lambda text: text.encode().hex(":"),
    "hex, 0x": lambda text: "0x" + text.encode().hex(),
    "hex, comma list": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "backslash x": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "backslash octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "backslash u": _escapes,
    "backslash u, some": _some_escapes,
    "backslash u, doubled": lambda text: _some_escapes(text).replace("\\", "\\\\"),
    "backslash u in braces": lambda text: "".join(f"\\u{{{ord(char):x}}}" for char in text),
    "percent u": lambda text: "".join(f"%u{ord(char):04x}" for char in text),
    "entities": _entities("&#{};"),
    "entities, hex": _entities("&#x{:x};"),
    "entities, padded": _entities("&#{:07d};"),
    "entities, some": _some_entities,
    "entities, doubled": lambda text: _some_entities(text).replace("&", "&amp;"),
    "quoted-printable": _quoted_printable,
    "quoted-printable, soft breaks": _soft_breaks,
    "quoted-printable, whole": lambda text: quopri.encodestring(_partial(text).encode()).decode(),
    "MIME base64": lambda text: base64.encodebytes(f"{'Dear reader, ' * 5}{text}{' and so on' * 6}".encode()).decode(),
    "JSON in a string": lambda text: json.dumps({"note": {"deep": [1, text]}}),
    "JSON in JSON in a string": lambda text: json.dumps({"raw": json.dumps({"note": text})}),
    "JSON with escapes in a string": lambda text: '{"note": "' + _escapes(text) + '"}',
    "form in a string": lambda text: f"a=1&note={quote(text, safe='')}&b=2",
    "form of JSON": lambda text: "a=1&note=" + quote(json.dumps({"x": text}), safe=""),
    "URL": lambda text: f"https://shop.example.com/cb/{quote(text, safe='')}/done",
    "URL, query": lambda text: f"https://shop.example.com/cb?next={quote(text, safe='')}&x=1",
    "URL, fragment": lambda text: f"https://shop.example.com/cb#{quote(text, safe='')}",
    "URL, user info": lambda text: f"https://me:{quote(text, safe='')}@shop.example.com/cb",
    "XML": lambda text: f"<a><note kind='x'>{text}</note></a>",
    "CDATA": lambda text: f"<a><![CDATA[{text}]]></a>",
    "HTML input": lambda text: f'<input type="hidden" name="t" value="{_some_entities(text)}">',
    "CSV": lambda text: f'1,"{text}",x',
    "curl line": lambda text: f"curl https://x.example.com -u {text}: -d a=b",
    "double-quoted": lambda text: f'said "{text}"',
    "tabs around": lambda text: f"\t{text}\t",
    "YAML": lambda text: f"note: !!str {text} # comment",
    "Ascii85": lambda text: base64.a85encode(f"({text})".encode()).decode(),
    "Ascii85, framed and folded": lambda text: base64.a85encode(f"So {text}".encode(), adobe=True, wrapcol=9).decode(),
    "Ascii85 in a sentence": lambda text: f"see {base64.a85encode(b'so ' + text.encode()).decode()} there",
    "base85": lambda text: base64.b85encode(f"({text})".encode()).decode(),
    "base85 of a sentence": lambda text: base64.b85encode(f"No such key: {text}. Sorry.".encode()).decode(),
    "Z85": lambda text: _z85(f"({text})".encode()),
    "base58": _base58,
    "base32, no padding": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "uuencode": _uu,
    "UTF-7": _utf7,
    "UTF-7, whole": lambda text: f"+{base64.b64encode(text.encode('utf-16-be')).decode().rstrip('=')}-",
    "a list of octets": lambda text: str(list(f"so {text}!".encode())),
    "Node's buffer": lambda text: json.dumps({"type": "Buffer", "data": list(text.encode())}),
    "Node's buffer, indented": lambda text: json.dumps({"type": "Buffer", "data": list(text.encode())}, indent=2),
    "base64, folded at 64": lambda text: _folded64(text, 64, "\n"),
    "base64, folded at 76, CR LF": lambda text: _folded64(text, 76, "\r\n"),
    "base64, folded, escaped": lambda text: _folded64(text, 64, "\\n"),
    "hex, folded": lambda text: _folded(f"so {text}".encode().hex(), 60),
    "folded": lambda text: _folded(text, -(-len(text) // 2)),
    "folded, CR LF and blanks": lambda text: _folded(text, -(-len(text) // 2), "\r\n    "),
    "folded, escaped": lambda text: _folded(text, -(-len(text) // 2), "\\n"),
    "quoted-printable, both": lambda text: _folded(_quoted_printable(text).replace("=", "=3D", 1), 15, "=\r\n"),
}  # fmt: skip

TEXT_ONLY = frozenset(
    {name for name in DISGUISES if "folded" in name or "buffer" in name}
    | {
        "quoted-printable, soft breaks",
        "quoted-printable, whole",
        "quoted-printable, both",
        "MIME base64",
        "tabs around",
    }
)
"""Disguises with line breaks: they cannot stand in a header or a raw URL."""

CREDENTIALS_ONLY = frozenset({"base58", *(name for name in DISGUISES if "85" in name or name.startswith("folded"))})
"""Disguises in which numbers and addresses cannot be told from what is none."""

QUOTED_ONLY = frozenset({"uuencode", *(name for name in DISGUISES if "85" in name)})
"""Disguises made of the signs that other formats have a use for: they can stand where these are quoted."""
