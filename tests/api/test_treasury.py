"""The treasury over HTTP: a day from the orders that wait to the file, and who may do what."""

from pathlib import Path
from typing import Any, Final

import httpx

from services.api.access.caller import Action
from tests import silence
from tests.api.environment import ALL_KEY, ROUBAIX
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET
from tests.api.reads.walking import TREASURY, document_paths
from tests.api.treasury_scene import LILLE_TREASURY, READER, ROUBAIX_TREASURY, Scene, a_scene
from tests.builders import IBAN, OTHER_IBAN, a_payment, encoded
from tests.treasury.return_files import (
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
    an_error,
)

no_logs = silence.searched_logs

ORDERS: Final = ["C/advance", "C/balance"]
PREPARE: Final = {"budget": LILLE_BUDGET}


async def prepared(client: httpx.AsyncClient) -> str:
    answer = await client.post("/treasury/slips", json=PREPARE)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["slip_id"])


async def issued(client: httpx.AsyncClient) -> str:
    slip_id = await prepared(client)
    answer = await client.post(f"/treasury/slips/{slip_id}/issue")
    assert 200 == answer.status_code, answer.text
    return slip_id


async def sent(client: httpx.AsyncClient) -> str:
    await client.get(f"/treasury/slips/{(slip_id := await issued(client))}/file")
    return slip_id


async def test_from_the_orders_that_wait_to_the_file(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        waiting = (await client.get("/treasury/slips/waiting")).json()
        assert [("C/advance", [], 40_000), ("C/balance", [], 60_000)] == [
            (each["payment_order"], each["reasons"], each["amount_cents"])
            for each in waiting["items"]
        ]
        slip_id = await issued(client)
        assert [] == (await client.get("/treasury/slips/waiting")).json()["items"]
        file = await client.get(f"/treasury/slips/{slip_id}/file")
        assert "no-store" == file.headers["cache-control"]
        assert "application/xml" == file.headers["content-type"]
        assert f'V="{IBAN}"'.encode() in file.content
        (listed,) = (await client.get("/treasury/slips")).json()["items"]
        assert ("issued", 1, "Anne") == (listed["state"], listed["number"], listed["exported_by"])
        whole = (await client.get(f"/treasury/slips/{slip_id}")).json()
        assert ORDERS == [each["payment_order"] for each in whole["pieces"]]
        assert IBAN not in str(whole)
    assert [
        ("key:treasury", Action.SLIP_PREPARED),
        ("key:treasury", Action.SLIP_ISSUED),
        ("key:treasury", Action.SLIP_EXPORTED),
    ] == [line[:2] for line in scene.audit.lines]
    assert IBAN not in str(scene.audit.lines)


def addresses(slip_id: str) -> list[tuple[str, str]]:
    return [
        ("GET", "/treasury/slips"),
        ("GET", "/treasury/slips/waiting"),
        ("GET", f"/treasury/slips/{slip_id}"),
        ("GET", f"/treasury/slips/{slip_id}/file"),
        ("POST", "/treasury/slips/waiting/confirm"),
        ("POST", "/treasury/slips"),
        ("POST", f"/treasury/slips/{slip_id}/issue"),
        ("POST", f"/treasury/slips/{slip_id}/cancel"),
        ("POST", "/treasury/returns?file_name=retour.xml"),
        ("GET", "/treasury/findings"),
        ("POST", "/treasury/findings/nobody/close"),
    ]


def test_every_address_of_the_treasury_is_asked_here() -> None:
    asked = {
        (method, path.partition("?")[0].replace("nobody", "{finding_id}"))
        for method, path in addresses("{slip_id}")
    }
    known = {
        (method.upper(), path)
        for path, methods in document_paths().items()
        if path.startswith(TREASURY)
        for method in methods
    }
    assert known == asked


CONFIRM: Final = {"budget": LILLE_BUDGET, "payment_order": "C/advance", "record": 1}
BODIES: Final = {
    "/treasury/slips": PREPARE,
    "/treasury/slips/waiting/confirm": CONFIRM,
    "/treasury/findings/nobody/close": {"reason": "seen"},
}


def test_another_entitys_slip_is_not_there(scene: Scene) -> None:
    slip_id = scene.asked(LILLE_TREASURY, issued)
    scene.audit.lines.clear()

    async def go(client: httpx.AsyncClient) -> list[tuple[int, bool]]:
        found = []
        for method, path in addresses(slip_id):
            if slip_id in path or path == "/treasury/slips":
                answer = await client.request(method, path, json=BODIES.get(path))
                found.append((answer.status_code, LILLE_BUDGET in answer.text))
        return found

    assert [(200, False), *[(404, False)] * 5] == scene.asked(ROUBAIX_TREASURY, go)
    assert {(403, False)} == set(scene.asked(READER, go))
    assert [] == scene.audit.lines


async def test_each_town_sees_what_waits_for_its_own_slips(scene: Scene) -> None:
    async def budgets(client: httpx.AsyncClient) -> set[str]:
        items = (await client.get("/treasury/slips/waiting")).json()["items"]
        return {each["budget"] for each in items}

    assert {LILLE_BUDGET} == (await scene.visit(LILLE_TREASURY, budgets))
    assert {ROUBAIX_BUDGET} == (await scene.visit(ROUBAIX_TREASURY, budgets))
    async with scene.visitor(LILLE_TREASURY) as client:
        asked = {"budget": ROUBAIX_BUDGET}
        assert 404 == (await client.get("/treasury/slips/waiting", params=asked)).status_code


async def test_without_a_file_of_codes_there_is_no_treasury(tmp_path: Path) -> None:
    scene = a_scene(tmp_path, configured=False)
    async with scene.visitor(LILLE_TREASURY) as client:
        found = []
        for method, path in addresses("nobody"):
            answer = await client.request(method, path, json=BODIES.get(path))
            found.append((answer.status_code, answer.json()["code"]))
        pages = [
            await client.get(path)
            for path in (
                "/console/treasury",
                "/console/treasury/slips",
                "/console/treasury/returns",
                "/console/treasury/findings",
                "/console/treasury/reconciliation",
            )
        ]
        assert all("ECLUSE_TREASURY_FILE" in page.text for page in pages)
        assert {(404, "treasury_not_set_up")} == set(found)


PAGES: Final = (
    "/console/treasury",
    "/console/treasury/slips",
    "/console/treasury/returns",
    "/console/treasury/findings",
    "/console/treasury/reconciliation",
    f"/console/orders/{LILLE_BUDGET}/C/advance",
)


def test_pages_show_no_account_and_offer_acts_to_who_may_do_them(scene: Scene) -> None:
    slip_id = scene.asked(LILLE_TREASURY, issued)
    slip = f"/console/treasury/slips/{slip_id}"

    async def go(client: httpx.AsyncClient) -> list[str]:
        found = []
        for path in (*PAGES, slip, f"{slip}?confirm=export"):
            page = await client.get(path)
            assert 200 == page.status_code, page.text
            assert not [each for each in (IBAN, OTHER_IBAN, ROUBAIX) if each in page.text]
            found.append(page.text)
        return found

    of_treasurer, of_reader = scene.asked(LILLE_TREASURY, go), scene.asked(READER, go)
    assert 'value="export"' in of_treasurer[-1]
    assert "#confirm" in of_treasurer[-2]
    assert not [each for each in of_reader if 'name="act"' in each or "#confirm" in each]
    assert f'href="{slip}"' in of_reader[5], "the order's page leads to its slip"


CODES: Final = {"IdPost": "059999", "CodColl": "350"}


def paid(amount_cents: int, number: int = 1, **head: str) -> bytes:
    """A return by which the accountant took a piece in charge and paid it."""
    amount = f"{amount_cents // 100}.00"
    line = Line(amount, (Paid(amount),), count="1", total=amount)
    return a_return(a_slip(Mandat(number, (line,))), head=CODES | head)


async def post(client: httpx.AsyncClient, content: bytes, name: str = "retour.xml") -> Any:
    return await client.post("/treasury/returns", params={"file_name": name}, content=content)


async def test_a_return_becomes_events_once_however_often_it_is_posted(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        await sent(client)
        answers = [
            await post(client, paid(40_000)),
            await post(client, paid(40_000), "again.xml"),
            await post(client, paid(40_000, DteStr="2023-06-06"), "tomorrow.xml"),
        ]
        found = [each.json() for each in answers]
        assert [("taken", 2, 0), ("taken", 0, 0), ("taken", 0, 0)] == [
            (each["outcome"], each["events"], each["findings"]) for each in found
        ]
    assert ("key:treasury", Action.RETURN_TAKEN, "retour.xml") == scene.audit.lines[3][:3]


def test_a_return_of_a_budget_that_is_not_set_up_is_its_entitys_to_close(scene: Scene) -> None:
    async def bring(client: httpx.AsyncClient) -> int:
        return int((await post(client, paid(40_000, CodBud="07"))).status_code)

    async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await client.get("/treasury/findings")).json()["items"]
        return items

    assert (403, 200) == (scene.asked(ROUBAIX_TREASURY, bring), scene.asked(LILLE_TREASURY, bring))
    assert [] == scene.asked(ROUBAIX_TREASURY, listed)
    (finding,) = scene.asked(LILLE_TREASURY, listed)
    path, reason = f"/treasury/findings/{finding['finding_id']}/close", {"reason": "Budget ajouté."}

    async def close(client: httpx.AsyncClient) -> int:
        return (await client.post(path, json=reason)).status_code

    assert (404, 200) == (scene.asked(ROUBAIX_TREASURY, close), scene.asked(LILLE_TREASURY, close))


def test_a_finding_is_closed_with_a_reason_by_who_may(scene: Scene) -> None:
    async def found(client: httpx.AsyncClient) -> str:
        await sent(client)
        await post(client, paid(99_900, number=77))
        (finding,) = (await client.get("/treasury/findings")).json()["items"]
        assert ("77" in finding["message"]["fr"], "77" in finding["message"]["en"]) == (True, True)
        whole = await client.get(f"/treasury/slips/{finding['slip_id']}")
        assert [finding] == whole.json()["findings"]
        return str(finding["finding_id"])

    finding_id = scene.asked(LILLE_TREASURY, found)
    path, reason = f"/treasury/findings/{finding_id}/close", {"reason": "Vu avec le comptable."}

    async def close(client: httpx.AsyncClient) -> int:
        return (await client.post(path, json=reason)).status_code

    assert (200, 409) == (scene.asked(LILLE_TREASURY, close), scene.asked(LILLE_TREASURY, close))

    async def pages(client: httpx.AsyncClient) -> list[bool]:
        paths = ("/console/treasury/findings", "/console/treasury/findings?closed=true")
        return ["Vu avec le comptable." in (await client.get(path)).text for path in paths]

    assert [False, True] == scene.asked(READER, pages)


async def test_answers_show_no_account_that_the_accountant_wrote(scene: Scene) -> None:
    """In a comment, in an error of the gateway's, and in the name of a file."""
    words = {"EtatPce": "04", "ObsEtat": "09", "Commentaire": f"RIB {IBAN} clos"}
    rejected = a_return(a_slip(Mandat(1, (Line("400.00"),), words)), head=CODES)
    error = an_error(None, f"RIB {IBAN} clos")
    async with scene.visitor(LILLE_TREASURY) as client:
        slip_id = await sent(client)
        slip = f"/treasury/slips/{slip_id}"
        file = (await client.get(slip)).json()["slip"]["file_name"]
        head = {"IdPost": "059999", "CodCol": "350"}
        answer = an_answer(an_element(0, error), file_name=file, head=head)
        posted = [
            await post(client, rejected),
            await post(client, answer),
            await post(client, answer.replace(file.encode(), IBAN.encode()), f"{IBAN}.xml"),
        ]
        assert {200} == {each.status_code for each in posted}
        read = [await client.get(path) for path in (slip, "/treasury/slips", "/treasury/findings")]
        said = [each.text for each in (*posted, *read)]
    assert 3 <= said[-3].count("clos"), "the slip's answer, its piece and the event"
    assert [] == [each for each in said if IBAN in each]


async def test_an_event_of_who_passes_for_the_treasury_is_refused(scene: Scene) -> None:
    async with scene.visitor(ALL_KEY) as client:
        event = encoded(a_payment(40_000, _source="urn:ecluse:treasury"))
        headers = {"content-type": "application/cloudevents+json"}
        answer = await client.post("/events", content=event, headers=headers)
        status, answer = (answer.status_code, answer.json())
    assert (422, "/source") == (status, answer["faults"][0]["pointer"])
