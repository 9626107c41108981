"""What is put into parameters, bodies and names is data: it is neither run nor believed."""

import csv
import gzip
import io
import json
import re
import zipfile
from typing import Any, Final, NamedTuple

import pytest

from services.api.events_in.reading import EVENTS_MAX
from tests.api.reads.two_entities import FOREIGN, LILLE_BUDGET
from tests.api.reads.walking import Route, filled, get_routes, shown
from tests.attack.target import FORMULA, HOSTILE_BUDGET, SCRIPT, Target
from tests.builders import a_vote, encoded

OURS: Final = {
    "budget": [LILLE_BUDGET],
    "sequence": ["2"],
    "grant": ["G"],
    "payment_order": ["C/advance"],
    "event_id": ["vote"],
    "q": ["C"],
    "ref": ["C"],
    "file_format": ["csv"],
    "stage": ["available"],
}
TEMPLATE: Final = "{{1234*5678}}${1234*5678}#{1234*5678}"
COMPUTED: Final = str(1234 * 5678)
PAYLOADS: Final = (
    "' OR '1'='1",
    "1; DROP TABLE journal; --",
    "x' UNION SELECT secret_sha256 FROM api_keys --",
    "\\%_' ESCAPE '!",
    "\0",
    "../../etc/passwd",
    TEMPLATE,
    "\r\nSet-Cookie: evil=1",
    "9" * 5000,
    "<script>alert(1)</script>",
)
ASKED: Final = [
    (route, name)
    for route in get_routes()
    if route.path not in {"/healthz", "/readyz", "/metrics", "/lag"}
    for name in sorted(route.asked)
]


@pytest.mark.parametrize(
    ("route", "name"), ASKED, ids=[f"{route.path}?{name}" for route, name in ASKED]
)
def test_a_parameter_is_data(target: Target, route: Route, name: str) -> None:
    (path, *_) = filled(route, OURS)
    with target.client("lille") as client:
        for payload in PAYLOADS:
            answer = client.get(path.partition("?")[0], params={name: payload})
            assert answer.status_code in {200, 400, 404, 422}, (payload, answer.text)
            assert not [each for each in FOREIGN if each in shown(answer)]
            assert COMPUTED not in answer.text
            assert "set-cookie" not in answer.headers
            # The heading of a file says by which filters it was asked.
            target.check_silent(answer.text.replace(payload, "") if route.is_file else answer.text)


PATHS: Final = {
    "/console/static/../../../../etc/passwd": 404,
    "/console/static/..%2f..%2fpages.py": 404,
    "/console/static/%2e%2e/pages.py": 404,
    "/console/static/..%5c..%5cpages.py": 404,
    "/console/static/console.css%00.html": 404,
    "/console/static//etc/passwd": 404,
    "/console/static/....//....//etc/passwd": 404,
    "/console/login?next=//evil.example": 200,
    "/console/login?next=https:evil.example": 200,
    "/console/login?next=/console/%0d%0aSet-Cookie:%20evil=1": 200,
    "/console/login?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E": 200,
    "/console/login?next=javascript:alert(1)": 200,
    "/console/login?lang=%22%3E%3Cscript%3E": 200,
    "/console/login?lang=fr%0d%0aSet-Cookie:%20evil=1": 200,
    "/console/login?a=%3Cscript%3Ealert(1)%3C/script%3E": 200,
    "/healthz?x=%0a%7B%22level%22:%22error%22%7D": 200,
    "/healthz%0a": 401,
    "/healthz%00": 401,
    "/%2e%2e/budgets": 401,
    "/budgets%2f..%2fhealthz": 401,
    "/budgets/%7B%7B1234*5678%7D%7D": 401,
    "/%3Cscript%3Ealert(1)%3C/script%3E": 401,
    "/console/%3Cscript%3Ealert(1)%3C/script%3E": 303,
    "/console//evil.example/%2f..": 303,
    "//evil.example/console/today": 401,
}


@pytest.mark.parametrize("path", PATHS)
def test_an_address_leads_nowhere_else(target: Target, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n"
    got, is_ended = target.exchange(f"{request}Connection: close\r\n\r\n".encode())
    head, _, body = got.decode().partition("\r\n\r\n")
    assert str(PATHS[path]) == head.split(" ")[1]
    assert is_ended
    assert "evil=1" not in head.lower()
    assert "<script>alert" not in body
    assert "root:" not in body
    location = re.search(r"(?im)^location: (.*)$", head)
    assert location is None or location[1].startswith("/console/")
    (following,) = re.findall(r'name="next" value="([^"]*)"', body) or ["/console/today"]
    assert following.startswith("/console/")
    target.check_silent(body.replace("pages.py", ""))


LINES: Final = "application/x-ndjson"
ONE: Final = "application/cloudevents+json"


class Body(NamedTuple):
    """A body of POST /events, and what is said of it."""

    content: bytes
    status: int
    kind: str = ONE
    headers: dict[str, str] = {}  # noqa: RUF012 # a table's default, never changed


def a_vote_with(value: str) -> bytes:
    """A vote whose amount is spelled so."""
    return encoded(a_vote()).replace(b'"amount_cents":100000', f'"amount_cents":{value}'.encode())


BOMBS: Final = {
    "deep arrays": Body(b"[" * 500_000, 422),
    "deep objects": Body(b'{"a":' * 100_000, 422),
    "deep in data": Body(a_vote_with("[" * 100_000), 422),
    "a number of 900,000 digits": Body(a_vote_with("9" * 900_000), 422),
    "a number of 5,000 digits": Body(a_vote_with("9" * 5_000), 422),
    "an exponent": Body(a_vote_with("1e999999999"), 422),
    "NaN": Body(a_vote_with("NaN"), 422),
    "Infinity": Body(a_vote_with("-Infinity"), 422),
    "a fraction": Body(a_vote_with("0.1"), 422),
    "below 0": Body(a_vote_with("-1"), 422),
    "as text": Body(a_vote_with('"1"'), 422),
    "twice the same member": Body(a_vote_with('1,"amount_cents":2'), 422),
    "a long text": Body(a_vote_with('"' + "x" * 900_000 + '"'), 422),
    "an event of 2 MB": Body(b" " * 2_000_000 + encoded(a_vote()), 422),
    "no UTF-8": Body(b'{"id": "\xff\xfe"}', 422),
    "UTF-16": Body('{"id": 1}'.encode("utf-16"), 422),
    "half a pair": Body(b'{"id": "\\ud800"}', 422),
    "NUL": Body(encoded(a_vote(_id="a\0b")), 422),
    "NUL bytes": Body(b"\0" * 10_000, 422),
    "a prototype": Body(b'{"__proto__": {"admin": true}, "constructor": 1}', 422),
    "another line in a name": Body(encoded(a_vote(_id='x\n{"level":"error"}')), 422),
    "a direction of text": Body(encoded(a_vote(_id="a\u202eb")), 422),
    "an array": Body(b"[" + encoded(a_vote()) + b"]", 422),
    "nothing": Body(b"", 422),
    "one event too many": Body(b"{}\n" * (EVENTS_MAX + 1), 413, LINES),
    "a million blank lines": Body(b"\n" * 1_000_000, 422, LINES),
    "a million broken lines": Body(b"{\n" * 1_000_000, 413, LINES),
    "as the ledger": Body(encoded(a_vote(_source="urn:ecluse:ledger")), 422),
    "as the treasury, in capitals": Body(encoded(a_vote(_source="URN:ECLUSE:treasury")), 422),
    "an internal event": Body(encoded(a_vote(_type="ecluse.fiscal-year.opened.v1")), 422),
    "XML": Body(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', 422),
    "XML, as it says": Body(b"<x/>", 415, "application/xml"),
    "a form": Body(b"a=1", 415, "application/x-www-form-urlencoded"),
    "parts": Body(b"--x\r\n\r\n\r\n--x--", 415, "multipart/form-data; boundary=x"),
    "no kind": Body(b"{}", 415, ""),
    "a kind of 20,000 characters": Body(b"{}", 415, "a/" + "b" * 20_000),
    "compressed": Body(gzip.compress(b" " * 50_000_000), 422, LINES, {"Content-Encoding": "gzip"}),
    "compressed by a name": Body(b"{}", 422, ONE, {"Content-Encoding": "br, gzip, ../../x"}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_body_is_refused_in_words_and_nothing_is_published(target: Target, name: str) -> None:
    body = BOMBS[name]
    with target.client("lille") as client:
        headers = {"Content-Type": body.kind} | body.headers
        answer = client.post("/events", content=body.content, headers=headers)
    assert body.status == answer.status_code, answer.text[:1000]
    assert "application/problem+json" == answer.headers["content-type"]
    assert len(answer.content) < 100_000
    target.check_silent(answer.text)


FORMS: Final = {
    "a thousand fields": (b"a=1&" * 60_000, "application/x-www-form-urlencoded"),
    "only signs": (b"&" * 250_000, "application/x-www-form-urlencoded"),
    "escapes": (b"key=" + b"%41" * 80_000, "application/x-www-form-urlencoded"),
    "a thousand parts": (
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 4_000 + b"--x--",
        "multipart/form-data; boundary=x",
    ),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name=key; filename="../../x"\r\n\r\n1\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    "no boundary": (b"--x", "multipart/form-data"),
    "a broken part": (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
    "a boundary of 20,000": (b"--x", "multipart/form-data; boundary=" + "b" * 20_000),
    "JSON": (b'{"key": "x"}', "application/json"),
    "too large": (b"a" * 300_000, "application/x-www-form-urlencoded"),
    "no UTF-8": (b"key=%ff%fe%00", "application/x-www-form-urlencoded; charset=utf-7"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_none_opens_no_session(target: Target, name: str) -> None:
    content, kind = FORMS[name]
    with target.client() as client:
        answer = client.post("/console/login", content=content, headers={"Content-Type": kind})
    assert answer.status_code in {400, 401, 413, 422}, answer.text
    assert "set-cookie" not in answer.headers
    target.check_silent(answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/console/today",
        f"/console/grants?budget={HOSTILE_BUDGET}",
        "/console/grants?search=%3Cscript%3Ealert(1)%3C/script%3E",
        "/console/grants?search=%7B%7B1234*5678%7D%7D",
        f"/console/orders?budget={HOSTILE_BUDGET}",
        f"/console/records/{HOSTILE_BUDGET}/1",
        f"/console/records/{HOSTILE_BUDGET}/2",
        f"/console/records/{HOSTILE_BUDGET}/3",
        "/console/troubles/refused",
    ],
)
def test_names_are_text_on_a_page(target: Target, path: str) -> None:
    with target.client("lille") as client:
        answer = client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
    assert 200 == answer.status_code
    assert "<script>alert" not in answer.text
    assert COMPUTED not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_statement_holds_no_formula(target: Target, language: str) -> None:
    path = f"/budgets/{HOSTILE_BUDGET}/grants"
    with target.client("lille") as client:
        client.headers["Accept-Language"] = language
        text = client.get(f"{path}.csv").content.decode("utf-8-sig")
        book = client.get(f"{path}.xlsx").content
    assert "HYPERLINK" in text
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            assert not [each for each in row if each.strip(' "')[:1] in set("=+-@")]
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        for name in files.namelist():
            assert "<f>" not in files.read(name).decode()


def test_names_stand_whole_in_json(target: Target) -> None:
    with target.client("lille") as client:
        found: dict[str, Any] = client.get("/grants", params={"budget": HOSTILE_BUDGET}).json()
    (grant,) = found["items"]
    assert (SCRIPT[:90], FORMULA) == (grant["grant"], grant["title"])
    assert json.dumps(found)
