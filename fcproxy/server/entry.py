"""An entry of the journal: one redacted interaction as it lies on the disk until the cassette is written.

A line of JSON, ``{"sequence", "method", "url", "request", "status", "reason", "response", "crc32"}`` with the two
messages as ``[header pairs, octets of the body]``, the octets of both bodies as they are, and a line's end. Bodies were
JSON strings once: to escape them, and to read them again, took as long as all the rest of an entry.
"""

import json
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import BinaryIO
from zlib import crc32

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction

__all__ = ["entry", "read_entry"]

_CHECK = b',"crc32":'


def entry(sequence: int, interaction: Interaction) -> bytes:
    """The entry of the interaction that arrived as number ``sequence``."""
    # By hand, around the encoder of strings that `json` uses: most header fields have been encoded before, and making
    # dicts and lists for it took longer than all the encoding.
    request, response = interaction
    head = (
        f'{{"sequence":{sequence},"method":{_quoted(request.method)},"url":{_quoted(request.url)},'
        f'"request":[[{_fields(request.headers)}],{len(request.body)}],'
        f'"status":{response.status},"reason":{_quoted(response.reason)},'
        f'"response":[[{_fields(response.headers)}],{len(response.body)}]'
    ).encode("ascii")
    check = crc32(response.body, crc32(request.body, crc32(head)))
    return b"%b%b%d}\n%b%b\n" % (head, _CHECK, check, request.body, response.body)


def _fields(headers: Headers) -> str:
    return ",".join(
        [_known(name, value) if len(value) <= _LONGEST else _field(name, value) for name, value in headers.fields]
    )


def _field(name: str, value: str) -> str:
    return f"[{_quoted(name)},{_quoted(value)}]"


_known = lru_cache(1024)(_field)
_LONGEST = 1024
"""Of longer values nothing is kept, so that the memory stays below a few MiB."""


def read_entry(file: BinaryIO, size: int) -> tuple[int, RedactedInteraction] | None:
    """(sequence, interaction) of the entry that begins where ``file`` stands; None where there is no whole one.

    ``size``: the file's length in bytes. The sum tells half a block after a power loss, whatever stands in it.
    """
    line = file.readline()
    head, _, rest = line.rpartition(_CHECK)
    try:
        record = json.loads(line)
        (sent, asked), (received, answered) = record["request"], record["response"]
        if not (0 <= asked <= size and 0 <= answered <= size) or file.tell() + asked + answered + 1 > size:
            return None
        bodies = file.read(asked + answered + 1)
        if int(rest.removesuffix(b"}\n")) != crc32(bodies[:-1], crc32(head)) or bodies[-1:] != b"\n":
            return None
        request = Request(record["method"], record["url"], _headers(sent), bodies[:asked])
        response = Response(record["status"], _headers(received), bodies[asked:-1], record["reason"])
        # Only redacted interactions are ever written, so only such can be read.
        return int(record["sequence"]), RedactedInteraction(Interaction(request, response))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _headers(pairs: list[list[str]]) -> Headers:
    return Headers((name, value) for name, value in pairs)
