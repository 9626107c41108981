"""A file of the accountant brought to the console by a form: what became of it, and who may."""

import re
from typing import Any, Final

import httpx
import pytest
from starlette.datastructures import UploadFile

from services.api.access.caller import Action
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.treasury.upload import BODIES_BYTES_MAX, PATH
from tests import silence
from tests.api.environment import ROUBAIX, a_form_token
from tests.api.test_treasury import paid, sent
from tests.api.treasury_scene import LILLE_TREASURY, READER, ROUBAIX_TREASURY, Scene
from tests.builders import IBAN, OTHER_IBAN
from tests.treasury.return_files import an_answer, an_element, an_error

no_logs = silence.searched_logs

CODES_OF_ANSWER: Final = {"IdPost": "059999", "CodCol": "350"}
TOKEN: Final = {"csrf": a_form_token(LILLE_TREASURY)}


async def brought(
    client: httpx.AsyncClient, content: bytes, name: str = "retour.xml", **more: Any
) -> httpx.Response:
    """What the form of the page is answered."""
    return await client.post(PATH, files={"file": (name, content)}, **more)


def words(answer: httpx.Response) -> str:
    """The text of the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


async def test_a_return_is_taken_once_and_its_answer_stands_on_the_page(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        await sent(client)
        answers = [await brought(client, paid(40_000)), await brought(client, paid(40_000))]
        assert {200} == {each.status_code for each in answers}
        first, again = [words(each) for each in answers]
    assert "retour.xml Pieces: 1, new events: 2, new findings: 0." in first
    assert "retour.xml Pieces: 1, new events: 0, new findings: 0." in again
    lines = [line[:3] for line in scene.audit.lines if line[1] is Action.RETURN_TAKEN]
    assert [("key:treasury", Action.RETURN_TAKEN, "retour.xml")] * 2 == lines


def test_findings_are_named_where_the_file_is_brought_in_both_languages(scene: Scene) -> None:
    async def bring(client: httpx.AsyncClient) -> str:
        return words(await brought(client, paid(40_000, number=99)))

    in_french = scene.asked(LILLE_TREASURY, bring, "fr")
    assert "constats nouveaux : 1. Nouveaux constats" in in_french
    assert "Déposer un fichier du comptable public" in in_french
    assert "unknown_piece" not in in_french, "a code of programs"
    of_the_next = scene.asked(LILLE_TREASURY, bring)
    assert "new findings: 0." in of_the_next, "it was found before"
    assert "New findings" not in of_the_next


async def test_a_refused_file_says_why_and_shows_no_account(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        unreadable = await brought(client, f"<x>{IBAN}</x>".encode(), "x.xml")
        slip_id = await sent(client)
        slip = (await client.get(f"/treasury/slips/{slip_id}")).json()["slip"]
        await client.get(f"/treasury/slips/{slip_id}/file")
        element = an_element(0, an_error("X", f"compte {OTHER_IBAN} inconnu"))
        content = an_answer(element, file_name=slip["file_name"], head=CODES_OF_ANSWER)
        gateway = await brought(client, content, "acquit.xml")
        assert (200, 200) == (unreadable.status_code, gateway.status_code)
        assert f'href="/console/treasury/slips/{slip_id}"' in gateway.text
        assert "Slip 1 – refused" in words(await client.get("/console/orders"))
    said = words(unreadable) + words(gateway)
    assert "x.xml Refused: its root is x: it is neither" in said
    assert "acquit.xml The gateway refused the slip." in said
    assert not [each for each in (IBAN, OTHER_IBAN) if each in said]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "Choose the file of the public accountant."),
        ({"file": ("", b"")}, "Choose the file of the public accountant."),
        ({"file": ("x" * 201, b"<x/>")}, "The name of a file has at most 200 characters"),
        ({"file": ("../etc/passwd", b"<x/>")}, "The name of a file has at most 200 characters"),
    ],
)
async def test_without_a_file_nothing_is_done(files: Any, why: str, scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        answer = await client.post(PATH, files=files or {"another": (None, b"")})
    assert 422 == answer.status_code
    assert why in words(answer)
    assert [] == scene.audit.lines


def test_only_who_has_the_right_for_the_entity_brings_a_file(scene: Scene) -> None:
    async def bring(client: httpx.AsyncClient) -> tuple[int, bool, str]:
        answer = await brought(client, paid(40_000))
        page = await client.get(PATH)
        return answer.status_code, 'type="file"' in page.text, words(answer)

    refused, has_form, _said = scene.asked(READER, bring)
    assert (403, False) == (refused, has_form)
    assert [] == scene.audit.lines
    refused, has_form, said = scene.asked(ROUBAIX_TREASURY, bring)
    assert (403, True) == (refused, has_form)
    assert "Entity outside this access" in said
    assert ROUBAIX not in said


async def test_who_may_not_is_refused_before_anything_is_read(scene: Scene) -> None:
    async def endless() -> Any:
        yield b"--x\r\n"
        raise AssertionError("somebody went on reading")

    async with scene.visitor(READER) as client:
        kind = {"content-type": "multipart/form-data; boundary=x"}
        assert 403 == (await client.post(PATH, content=endless(), headers=kind)).status_code


async def test_a_form_without_the_token_of_its_session_brings_nothing(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        await sent(client)
        del client.headers["authorization"]
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, LILLE_TREASURY)
        elsewhere = {"sec-fetch-site": "cross-site"}
        answers = [
            await brought(client, paid(40_000)),
            await brought(client, paid(40_000), data={"csrf": a_form_token("another")}),
            await brought(client, paid(40_000), data=TOKEN, headers=elsewhere),
            await brought(client, paid(40_000), data=TOKEN),
        ]
        assert [403, 403, 403, 200] == [each.status_code for each in answers]
    lines = [line[1] for line in scene.audit.lines]
    sending = [Action.SLIP_PREPARED, Action.SLIP_ISSUED, Action.SLIP_EXPORTED]
    assert [*sending, Action.RETURN_TAKEN] == lines


async def test_what_is_no_such_form_or_too_large_is_refused_in_words(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BODIES_BYTES_MAX, PATH, 2_000_000)
    async with scene.visitor(LILLE_TREASURY) as client:
        answers = [
            await client.post(PATH, data={"file": "x"}),
            await brought(client, b" " * 2_000_000),
            await client.post(PATH, files=[("file", ("a.xml", b"<x/>"))] * 2),
            await brought(client, b"<x/>", data={"csrf": "x" * 2000}),
        ]
    assert [415, 413, 400, 400] == [each.status_code for each in answers]
    assert all(each.text.startswith("<!doctype html>") for each in answers)
    assert [] == scene.audit.lines


async def test_a_large_file_takes_a_slot_and_leaves_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer than four of one caller are read at once; each is closed at its end."""
    files: list[UploadFile] = []
    close = UploadFile.close

    async def closed(file: UploadFile) -> None:
        files.append(file)
        await close(file)

    monkeypatch.setattr(UploadFile, "close", closed)
    async with scene.visitor(LILLE_TREASURY) as client:
        answers = [await brought(client, b" " * 3_000_000) for _ in range(4)]
        found = [words(each) for each in answers]
    assert 4 == len([each for each in found if "Refused:" in each])
    assert [True] * 4 == [file.file.closed for file in files]
