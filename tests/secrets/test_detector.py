"""The detector is only worth something if it sees what is there: thirty leaks, all found."""

import base64
import binascii
import html
import json
import textwrap
import urllib.parse

import pytest

from tests.secrets.detector import find

SECRET = 'kQ8/x+Zr"7&<Lm=p~e9 ü2Vt'

SEEDED = {
    "a line of the plan": f"  key: {SECRET}",
    "a JSON report": json.dumps({"outcomes": [{"detail": f"refused {SECRET}"}]}),
    "a JSON report without ASCII escapes": json.dumps({"a": SECRET}, ensure_ascii=False),
    "a URL of a log line": f"GET /x?sig={urllib.parse.quote(SECRET, safe='')}&se=1 200",
    "a form body": urllib.parse.urlencode({"client_secret": SECRET}),
    "a basic authorization header": b"Basic " + base64.b64encode(f":{SECRET}".encode()),
    "the same, one byte later": b"Basic " + base64.b64encode(f"u:{SECRET}".encode()),
    "the same, two bytes later": b"Basic " + base64.b64encode(f"us:{SECRET}:".encode()),
    "a part of a JWT": base64.urlsafe_b64encode(f'{{"k":"{SECRET}"}}'.encode()).rstrip(b"="),
    "a hex dump": binascii.hexlify(SECRET.encode()),
    "an upper-case hex dump": f"0x{SECRET.encode().hex().upper()}",
    "a base32 code": base64.b32encode(SECRET.encode()),
    "a page": f"<td>{html.escape(SECRET)}</td>",
    "an exception's repr": repr({"value": SECRET, "n": 1}),
    "reversed": SECRET[::-1],
    "a UTF-16 file": f"key={SECRET}".encode("utf-16"),
    "PowerShell's encoded command": base64.b64encode(f"{SECRET}".encode("utf-16-le")),
    "upper case": SECRET.upper(),
    "between colours": f"key: {SECRET[:6]}\x1b[0m\x1b[31m{SECRET[6:]}",
    "over two lines": f"key: {SECRET[:9]}\n        {SECRET[9:]}",
    "over many lines": "\r\n\t".join((SECRET[:5], SECRET[5:8], SECRET[8:17], SECRET[17:])),
    "base64 in lines of 76": base64.encodebytes(f"{'x' * 50}{SECRET}".encode()),
    "the same, a byte later": base64.encodebytes(f"{'x' * 51}{SECRET}".encode()),
    "the same, indented": textwrap.indent(
        base64.encodebytes(f"{'x' * 52}{SECRET}".encode()).decode(), "    "
    ),
    "a hex dump in lines": textwrap.fill(SECRET.encode().hex(), 16),
    "a form body in lines": textwrap.fill(urllib.parse.quote(SECRET, safe=""), 20),
    "every character as a percent code": "".join(f"%{byte:02x}" for byte in SECRET.encode()),
    "every character as a JSON escape": "".join(f"\\u{ord(c):04x}" for c in SECRET),
    "slashes escaped as in PHP": SECRET.replace("/", "\\/"),
    "every character as an entity": "".join(f"&#{ord(c)};" for c in SECRET),
}


def test_there_are_thirty():
    assert len(SEEDED) == 30


@pytest.mark.parametrize("place", SEEDED)
def test_a_seeded_leak_is_found(place):
    assert find(SECRET, SEEDED[place])


def test_what_holds_no_secret_is_not_suspected():
    assert find(SECRET, "Plan: 7 to create, 0 to update. (sensitive value)\n" * 50) == []
    assert find(SECRET, SECRET[:-1]) == []
