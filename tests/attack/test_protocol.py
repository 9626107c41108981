"""HTTP that is bent, by sockets: each is answered once or ended; headers, asked and answered."""

import re
import zlib
from typing import Final

import httpx
import pytest

from tests.api.reads.two_entities import LILLE_BUDGET
from tests.attack.target import Target, statuses

END: Final = "Connection: close\r\n\r\n"
HOST: Final = "Host: 127.0.0.1\r\n"
GET: Final = f"GET /healthz HTTP/1.1\r\n{HOST}"
POST: Final = f"POST /events HTTP/1.1\r\n{HOST}"
SOCKET_KEY: Final = (
    "Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SECOND: Final = f"GET /healthz HTTP/1.1\r\n{HOST}{END}"
"""What a proxy before us would take for a part of the body."""

BENT: Final[dict[str, tuple[str | bytes, set[int]]]] = {
    # Where one request ends and the next begins.
    "length and chunks": (
        f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SECOND}",
        {400},
    ),
    "chunks and length": (
        f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 999\r\n\r\n0\r\n\r\n{SECOND}",
        {400},
    ),
    "two lengths": (f"{POST}Content-Length: 0\r\nContent-Length: 9\r\n\r\n{SECOND}", {400}),
    "a list of lengths": (f"{POST}Content-Length: 0, 9\r\n\r\n{SECOND}", {400}),
    "a length below 0": (f"{POST}Content-Length: -1\r\n\r\n{SECOND}", {400}),
    "a length with a sign": (f"{POST}Content-Length: +4\r\n\r\n{SECOND}", {400}),
    "a length in hex": (f"{POST}Content-Length: 0x4\r\n\r\n{SECOND}", {400}),
    "a length in words": (f"{POST}Content-Length: four\r\n\r\n{SECOND}", {400}),
    "a length in Arabic": (f"{POST}Content-Length: \u0664\r\n\r\n{SECOND}", {400}),
    "no length": (f"{POST}Content-Length: \r\n\r\n{SECOND}", {400}),
    "a length of 5,000 digits": (f"{POST}Content-Length: {'9' * 5000}\r\n\r\n", {400}),
    "a length of 19 digits": (f"{POST}Content-Length: {'9' * 19}\r\n{END}", {413}),
    "chunks of another name": (f"{POST}Transfer-Encoding: xchunked\r\n\r\n{SECOND}", {400, 501}),
    "chunks twice": (
        f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SECOND}",
        {400, 501},
    ),
    "chunks and more": (f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n{SECOND}", {400, 501}),
    "chunks with a tab": (f"{POST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "a space before the colon": (f"{POST}Content-Length : 4\r\n\r\n{SECOND}", {400}),
    "a chunk of no size": (f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{SECOND}", {400, 401}),
    "a chunk below 0": (f"{POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n{SECOND}", {400, 401}),
    "a huge chunk": (
        f"{POST}Transfer-Encoding: chunked\r\n\r\n{'F' * 40}\r\n{SECOND}",
        {400, 401},
    ),
    "a chunk too short": (
        f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n{SECOND}",
        {400, 401},
    ),
    "a long word at a chunk": (
        f"{POST}Transfer-Encoding: chunked\r\n{END}1;{'x' * 100_000}\r\nx\r\n0\r\n\r\n",
        {400, 401},
    ),
    "headers behind the chunks": (
        f"{POST}Transfer-Encoding: chunked\r\n{END}0\r\nAuthorization: x\r\n\r\n",
        {401},
    ),
    "a body to a GET": (f"{GET}Content-Length: 5\r\nConnection: close\r\n\r\nhello", {200}),
    # Lines.
    "HTTP/0.9": ("GET /healthz\r\n\r\n", {400}),
    "HTTP/2's first words": (f"PRI * HTTP/2.0\r\n{END}SM\r\n\r\n", {400, 401, 505}),
    "HTTP/3.7": (f"GET /healthz HTTP/3.7\r\n{HOST}{END}", {200, 400, 505}),
    "no version": (f"GET /healthz HTTP/\r\n{HOST}{END}", {400}),
    "a tab in the line": (f"GET\t/healthz\tHTTP/1.1\r\n{HOST}{END}", {400}),
    "two spaces": (f"GET  /healthz HTTP/1.1\r\n{HOST}{END}", {400}),
    "a space in the address": (f"GET /heal thz HTTP/1.1\r\n{HOST}{END}", {400}),
    "bytes in the address": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "a header over two lines": (f"{GET}X: a\r\n b\r\n{END}", {200, 400}),
    "a header without a colon": (f"{GET}nonsense\r\n{END}", {400}),
    "a header without a name": (f"{GET}: x\r\n{END}", {400}),
    "NUL in a header": (f"{GET}X: a\0b\r\n{END}", {400}),
    "a bare CR": (f"{GET}X: a\rY: b\r\n{END}", {400}),
    "bare line feeds": ("GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n", {200, 400}),
    # Whoever sends on while it is refused may find the connection reset.
    "a header of 400,000": (f"{GET}X: {'x' * 400_000}\r\n{END}", {0, 400, 431}),
    "90,000 headers": (f"{GET}" + "A: b\r\n" * 90_000 + END, {0, 400, 431}),
    "an address of 400,000": (f"GET /{'x' * 400_000} HTTP/1.1\r\n{HOST}{END}", {0, 400, 414}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), {400}),
    "SSH": ("SSH-2.0-OpenSSH_9.6\r\n\r\n", {400}),
    "noise": (bytes(range(256)) * 4 + b"\r\n\r\n", {400}),
    # Whom one asks.
    "no Host": ("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
    "two Hosts": (f"{GET}Host: evil.example\r\n{END}", {400}),
    "HTTP/1.0 without Host": ("GET /healthz HTTP/1.0\r\n\r\n", {200}),
    "another's address": (f"GET http://evil.example/healthz HTTP/1.1\r\n{HOST}{END}", {401}),
    "a tunnel": (f"CONNECT evil.example:443 HTTP/1.1\r\n{HOST}{END}", {401, 405}),
    "an address without a slash": (f"GET healthz HTTP/1.1\r\n{HOST}{END}", {401, 404}),
    "a star": (f"OPTIONS * HTTP/1.1\r\n{HOST}{END}", {401, 404, 405}),
    # What one asks for.
    "TRACE": (f"TRACE /healthz HTTP/1.1\r\n{HOST}Cookie: secret=1\r\n{END}", {405}),
    "an invented method": (f"EVIL /healthz HTTP/1.1\r\n{HOST}{END}", {405}),
    "a method of 30,000": (f"{'A' * 30_000} /healthz HTTP/1.1\r\n{HOST}{END}", {405}),
    "a method in small letters": (f"get /healthz HTTP/1.1\r\n{HOST}{END}", {405}),
    "DELETE": (f"DELETE /healthz HTTP/1.1\r\n{HOST}{END}", {405}),
    "a web socket": (
        f"GET /console/live HTTP/1.1\r\n{HOST}Upgrade: websocket\r\n{SOCKET_KEY}",
        {303, 401, 403},
    ),
    "HTTP/2 in clear": (
        f"{GET}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, close\r\n\r\n",
        {200},
    ),
    "a body announced": (
        f"{POST}Content-Length: 99999999999\r\nExpect: 100-continue\r\n{END}",
        {401, 413, 417},
    ),
    "another expectation": (f"{GET}Expect: money\r\n{END}", {200, 417}),
    "no body comes": (f"{POST}Content-Length: 10\r\n{END}", {401}),
}


@pytest.mark.parametrize("name", BENT)
def test_a_bent_request_is_answered_once_or_ended(target: Target, name: str) -> None:
    sent, expected = BENT[name]
    got, is_ended = target.exchange(sent if isinstance(sent, bytes) else sent.encode())
    assert is_ended, "who bends HTTP is let go"
    (status,) = statuses(got) or [0]
    assert status in expected
    target.check_silent(got.decode("latin-1"))


HOSTS: Final = [
    "evil.example",
    "evil.example:99999",
    "127.0.0.1:8000:9000",
    "[::1",
    "[]",
    "a@b",
    "a/b?c#d",
    "",
    "x" * 5000,
    "<script>alert(1)</script>",
    "\u00e9",
    "%0d%0aX: y",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/console/login", "/budgets", "/budgets/", "/console/today/"])
def test_a_host_is_not_believed(target: Target, host: str, path: str) -> None:
    key = target.keys["lille"] if path != "/console/login" else "nothing"
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    got, is_ended = target.exchange(f"{head}Accept: text/html\r\n{END}".encode())
    assert is_ended
    (status,) = statuses(got)
    assert status < 500
    text = got.decode("latin-1")
    assert not host or host not in text.replace(key, ""), "nothing leads there"
    target.check_silent(text.replace(key, ""))


HEADERS: Final[dict[str, dict[str, str]]] = {
    "many ranges": {"Range": "bytes=" + ",".join(f"{at}-{at + 1}" for at in range(3_000))},
    "a range below 0": {"Range": "bytes=-0"},
    "a huge range": {"Range": f"bytes=0-{'9' * 5000}"},
    "another unit": {"Range": "money=0-1"},
    "a range if": {"Range": "bytes=0-1", "If-Range": '"x"'},
    "many tags": {"If-None-Match": ", ".join(['"x"'] * 5_000)},
    "every tag": {"If-None-Match": "*"},
    "a broken date": {"If-Modified-Since": "yesterday"},
    "many languages": {"Accept-Language": ",".join(["xx;q=0.1"] * 3_000)},
    "a broken language": {"Accept-Language": ";;;q=,=;"},
    "languages of weight": {"Accept-Language": "fr;q=" + "9" * 5_000},
    "a cookie of 20,000": {"Cookie": "a=" + "b" * 20_000},
    "5,000 cookies": {"Cookie": "a=b;" * 5_000},
    "a cookie of quotes": {"Cookie": 'a="' + "\\" * 10_000},
    "accepts nothing": {"Accept": "nothing/at-all", "Accept-Encoding": "*;q=0"},
    "a name of its own": {"X-Request-ID": "a\tb"},
    "over TLS": {"X-Forwarded-Proto": "https, javascript"},
    "from anywhere": {"X-Forwarded-For": "<script>," * 500, "Forwarded": "for=evil"},
    "for a proxy": {"Proxy": "http://evil.example", "Proxy-Authorization": "Basic x"},
    "another root": {"X-Forwarded-Prefix": "//evil.example", "X-Script-Name": "/evil"},
    "shell shock": {"User-Agent": "() { :;}; echo evil", "Referer": "${jndi:ldap://evil}"},
    "from another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "no site": {"Origin": "null"},
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_are_taken_for_what_they_are(target: Target, name: str) -> None:
    with target.client("lille") as client:
        paths = ("/grants", "/console/login", "/console/static/console.css")
        for path in paths:
            answer = client.get(path, headers=HEADERS[name])
            assert answer.status_code in {200, 206, 303, 304, 400, 416}, (path, answer.text)
            assert len(answer.content) < 500_000
            assert not [each for each in answer.headers if each.startswith("access-control-")]
            assert "evil" not in str(answer.headers)
            target.check_silent(answer.text)


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "PATCH", "DELETE", "HEAD", "QUERY"])
@pytest.mark.parametrize("path", ["/budgets", f"/budgets/{LILLE_BUDGET}", "/console/today"])
def test_other_methods_do_nothing(target: Target, method: str, path: str) -> None:
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with target.client("lille") as client:
        answer = client.request(method, path, headers=asks)
    reads = method == "HEAD" and path.startswith("/console/")  # As GET does, without the page.
    assert (200 if reads else 405) == answer.status_code
    assert not (reads and answer.content)
    assert not [each for each in answer.headers if each.startswith("access-control-")]


PRIVATE: Final = [
    ("/budgets", "lille"),
    (f"/budgets/{LILLE_BUDGET}/execution.csv", "lille"),
    (f"/budgets/{LILLE_BUDGET}/grants.xlsx", "lille"),
    ("/status", "lille"),
    ("/console/today", "lille"),
    ("/console/grants", "lille"),
    ("/nowhere", "lille"),
    ("/budgets", None),
    ("/console/today", None),
    ("/console/login", None),
    ("/docs", "lille"),
    ("/openapi.json", "lille"),
    ("/metrics", "all"),
    ("/healthz", None),
]


@pytest.mark.parametrize(("path", "key"), PRIVATE)
def test_no_answer_is_kept_framed_or_guessed(target: Target, path: str, key: str | None) -> None:
    with target.client(key) as client:
        headers = client.get(path, headers={"Accept": "text/html"}).headers
    assert re.match(r"no-store|private, no-cache", headers["cache-control"])
    assert "nosniff" == headers["x-content-type-options"]
    assert "DENY" == headers["x-frame-options"]
    assert "same-origin" == headers["referrer-policy"]
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert {"server", "x-powered-by"}.isdisjoint(headers)
    assert {"Authorization", "Cookie"} <= set(headers["vary"].split(", "))


def test_a_tag_of_one_town_is_no_tag_of_another(target: Target) -> None:
    with target.client("lille") as lille, target.client("roubaix") as roubaix:
        tag = {"If-None-Match": lille.get("/grants").headers["etag"]}
        assert 304 == lille.get("/grants", headers=tag).status_code
        assert 200 == roubaix.get("/grants", headers=tag).status_code


def test_a_bomb_of_zeros_is_not_unpacked(target: Target) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
    with target.client("lille") as client:
        answer = client.post("/events", content=packed, headers=headers)
    assert 422 == answer.status_code
    assert isinstance(answer, httpx.Response)
