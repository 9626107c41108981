"""A hostile file in the accountant's place: refused in words, read as data, never followed."""

import gzip
import io
import zipfile
from typing import Any, Final

import httpx
import pytest

from services.api.treasury.routes import RETURN_BYTES_MAX
from tests.api.environment import ROUBAIX
from tests.attack.target import Target
from tests.treasury.return_files import Line, Mandat, a_return, a_slip

CODES: Final = {"IdPost": "059999", "CodColl": "350"}
HONEST: Final = a_return(a_slip(Mandat(1, (Line("1.00"),))), head=CODES)
ROOT: Final = b"<n:PES_Retour"


def with_doctype(declarations: str, inside: bytes = b"") -> bytes:
    """A return with a document type of these declarations."""
    doctype = f"<!DOCTYPE x [{declarations}]>".encode()
    return HONEST.replace(ROOT, doctype + ROOT).replace(b"PES2R_DEP_1", inside or b"PES2R_DEP_1")


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/retour.xml", content)
    return file.getvalue()


LAUGHS: Final = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
BOMBS: Final = {
    "nothing": b"",
    "cut off": HONEST[:-40],
    "a file of the server": with_doctype('<!ENTITY e SYSTEM "file:///etc/passwd">', b"&e;"),
    "an address": with_doctype('<!ENTITY e SYSTEM "http://127.0.0.1:1/">', b"&e;"),
    "a document type elsewhere": HONEST.replace(ROOT, b'<!DOCTYPE x SYSTEM "http://x/">' + ROOT),
    "laughs": with_doctype(LAUGHS, b"&l9;"),
    "gzip": gzip.compress(b" " * 50_000_000),
    "zip": zipped(b" " * 50_000_000),
    "deep": HONEST.replace(ROOT, b"<a>" * 100_000 + ROOT),
    "another root": b"<html><script>alert(1)</script></html>",
    "a root of 100,000 characters": b"<" + b"a" * 100_000 + b"/>",
    "UTF-7": HONEST.replace(b"ISO-8859-1", b"UTF-7"),
    "NUL": HONEST.replace(b"PES2R_DEP_1", b"a\0b"),
    "JSON": b'{"a": 1}',
}
"""Files of which nothing is taken."""


def posted(target: Target, content: bytes, name: str = "retour.xml") -> httpx.Response:
    with target.client("treasury") as client:
        return client.post("/treasury/returns", params={"file_name": name}, content=content)


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_return_is_refused_in_words_and_nothing_is_taken(
    target: Target, name: str
) -> None:
    answer = posted(target, BOMBS[name])
    assert 200 == answer.status_code, answer.text[:1000]
    said: dict[str, Any] = answer.json()
    assert ("refused", 0) == (said["outcome"], said["events"]), said
    assert said["why"]
    assert len(answer.content) < 10_000
    assert "root:" not in answer.text
    target.check_silent(answer.text)


PAGE: Final = "/console/treasury/returns"


def brought(target: Target, key: str, content: bytes, name: str = "retour.xml") -> httpx.Response:
    """The same by the form of the console."""
    with target.client(key) as client:
        file = {"file": (name, content)}
        return client.post(PAGE, files=file, headers={"Accept": "text/html"})


@pytest.mark.parametrize("name", ["laughs", "gzip", "deep", "NUL", "a file of the server"])
def test_a_hostile_file_of_the_form_is_refused_in_words(target: Target, name: str) -> None:
    answer = brought(target, "treasury", BOMBS[name])
    assert 200 == answer.status_code
    assert ": refused: " in answer.text or "Refused: " in answer.text
    target.check_silent(answer.text)


def test_a_form_of_another_entity_without_the_right_or_of_another_shape_changes_nothing(
    target: Target,
) -> None:
    foreign = a_return(a_slip(), head=CODES | {"IdColl": ROUBAIX, "CodColl": "512"})
    answers = [
        brought(target, "treasury", foreign),
        brought(target, "lille", HONEST),
        brought(target, "treasury", HONEST, "../../etc/passwd"),
        brought(target, "treasury", b" " * (RETURN_BYTES_MAX + 1)),
    ]
    with target.client("treasury") as client:
        headers = {"Accept": "text/html", "Content-Type": "multipart/form-data; boundary=x"}
        answers += [
            client.post(PAGE, content=body, headers=headers)
            for body in (b"", b"--x\r\n", b"--x\r\n" + b"a" * 2_000_000, b"\0" * 5_000)
        ]
        unbound = headers | {"Content-Type": "multipart/form-data"}
        answers.append(client.post(PAGE, content=HONEST, headers=unbound))
        answers.append(client.post(PAGE, data={"file": "x" * 5_000}))
        file = {"file": ("a.xml", HONEST)}
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        with_cookie = {"Cookie": "__Host-ecluse_session=x"} | elsewhere
        answers.append(client.post(PAGE, files=file, headers=elsewhere))
    with target.client() as client:
        answers.append(client.post(PAGE, files=file, headers=with_cookie))
    assert [403, 403, 422, 413, 422, 422, 400, 400, 400, 415, 200, 401] == [
        each.status_code for each in answers
    ]
    target.check_silent(*(each.text for each in answers))


def test_more_than_a_return_may_have_is_not_read(target: Target) -> None:
    assert 413 == posted(target, b" " * (RETURN_BYTES_MAX + 1)).status_code


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\nb", "x" * 201, ""])
def test_a_name_that_leads_elsewhere_is_none(target: Target, name: str) -> None:
    answer = posted(target, HONEST, name)
    assert 422 == answer.status_code
    target.check_silent(answer.text)


def test_names_in_a_return_are_text_on_the_page(target: Target) -> None:
    hostile = a_return(
        a_slip(Mandat(1, (Line("1.00"),), {"EtatPce": "<script>alert(1)</script>"})), head=CODES
    )
    assert 200 == posted(target, hostile, "<script>alert(2)<script>.xml").status_code
    with target.client("all") as client:
        for page in ("returns", "findings"):
            shown = client.get(f"/console/treasury/{page}", headers={"Accept": "text/html"})
            assert 200 == shown.status_code
            assert "<script>alert" not in shown.text


def test_a_return_of_another_entity_and_one_without_the_right_change_nothing(
    target: Target,
) -> None:
    foreign = a_return(a_slip(), head=CODES | {"IdColl": ROUBAIX, "CodColl": "512"})
    answer = posted(target, foreign)
    assert (403, "entity_not_allowed") == (answer.status_code, answer.json()["code"])
    assert ROUBAIX in answer.json()["detail"]
    with target.client("lille") as client:
        refused = client.post("/treasury/returns", params={"file_name": "x"}, content=HONEST)
    assert 403 == refused.status_code
    target.check_silent(answer.text, refused.text)
