"""Orders that wait: one that must be confirmed, by address and by form; a slip made too late."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.api.access.caller import Action
from tests import silence
from tests.api import treasury_scene
from tests.api.reads.two_entities import LILLE_BUDGET
from tests.api.test_treasury import ORDERS, prepared
from tests.api.treasury_scene import LILLE_TREASURY, READER, ROUBAIX_TREASURY, Scene, a_scene
from tests.builders import IBAN, OTHER_IBAN, a_new_account, a_suspension

no_logs = silence.searched_logs

CHANGED: Final = (a_new_account(_id="replaced"), a_suspension())
PATH: Final = "/treasury/slips/waiting/confirm"
FORM: Final = "/console/treasury/confirmations"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = a_scene(tmp_path)
    found.tell(*CHANGED)
    return found


async def waiting(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get("/treasury/slips/waiting")).json()["items"]
    return items


def asked(record: int, order: str = "C/advance") -> dict[str, Any]:
    return {"budget": LILLE_BUDGET, "payment_order": order, "record": record}


@pytest.fixture
def unchanged(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


async def test_by_address_an_order_is_ready_once_it_is_confirmed(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        first, second = await waiting(client)
        kinds = ["account_replaced", "convention_suspended"]
        assert [kinds, kinds] == [
            [each["kind"] for each in row["changes"]] for row in (first, second)
        ]
        account, suspended = first["changes"]
        assert ("FR76…0110", "FR76…0185") == (account["old_account"], account["new_account"])
        assert ("C", "2023-09-01") == (suspended["convention"], suspended["on"])
        last = suspended["record"]
        assert (last, None) == (first["to_confirm"], first["confirmed_by"])
        assert 2 == len(first["reasons"])
        nothing = await client.post("/treasury/slips", json={"budget": LILLE_BUDGET})
        assert (409, "nothing_waits") == (nothing.status_code, nothing.json()["code"])
        early = await client.post(PATH, json=asked(last - 1))
        assert (409, "slip_not_possible") == (early.status_code, early.json()["code"])
        assert "More happened" in early.json()["detail"]
        done = await client.post(PATH, json=asked(last))
        assert (200, None, [], "Anne") == (
            done.status_code,
            *(done.json()[name] for name in ("to_confirm", "reasons", "confirmed_by")),
        )
        again = await client.post(PATH, json=asked(last))
        assert 409 == again.status_code
        slip = (await client.post("/treasury/slips", json={"budget": LILLE_BUDGET})).json()
        assert 1 == slip["piece_count"]
        assert ["C/balance"] == [each["payment_order"] for each in await waiting(client)]
    lines = [line for line in scene.audit.lines if line[1] == Action.ORDER_CONFIRMED]
    assert [("key:treasury", f"{LILLE_BUDGET}/C/advance")] == [(line[0], line[2]) for line in lines]
    assert not [each for each in (IBAN, OTHER_IBAN) if each in str(scene.audit.lines)]


def test_by_form_the_treasurer_sees_both_accounts_and_confirms(scene: Scene) -> None:
    page = f"/console/treasury?budget={LILLE_BUDGET}&confirm=C/advance"

    async def look(client: httpx.AsyncClient) -> str:
        return (await client.get(page)).text

    shown = scene.asked(LILLE_TREASURY, look)
    assert 'action="/console/treasury/confirmations"' in shown
    assert not [each for each in ("FR76…0110", "FR76…0185") if each not in shown]
    assert not [each for each in (IBAN, OTHER_IBAN) if each in shown]
    assert "confirmations" not in scene.asked(READER, look)

    async def confirm(client: httpx.AsyncClient) -> int:
        record = shown.partition('name="record" value="')[2].partition('"')[0]
        return (await client.post(FORM, data=asked(int(record)))).status_code

    assert (403, 404) == (scene.asked(READER, confirm), scene.asked(ROUBAIX_TREASURY, confirm))
    assert 303 == scene.asked(LILLE_TREASURY, confirm)
    confirmed = scene.asked(LILLE_TREASURY, look)
    assert "confirmations" not in confirmed
    assert 1 == confirmed.count("What happened since it was issued was confirmed:")
    assert ", by Anne</p>" in confirmed


async def test_an_order_on_an_issued_slip_is_confirmed_on_its_page_and_the_slip_leaves(
    unchanged: Scene,
) -> None:
    async with unchanged.visitor(LILLE_TREASURY) as client:
        slip_id = await prepared(client)
        assert 200 == (await client.post(f"/treasury/slips/{slip_id}/issue")).status_code
        assert [] == await waiting(client)
    unchanged.tell(*CHANGED)
    page = f"/console/treasury/slips/{slip_id}"

    async def look(client: httpx.AsyncClient) -> tuple[str, str]:
        return (await client.get(page)).text, (await client.get(f"{page}?order=C/advance")).text

    assert "confirmations" not in "".join(await unchanged.visit(READER, look))
    async with unchanged.visitor(LILLE_TREASURY) as client:
        rows = await waiting(client)
        assert [(order, slip_id) for order in ORDERS] == [
            (each["payment_order"], each["slip_id"]) for each in rows
        ]
        refused = await client.get(f"/treasury/slips/{slip_id}/file")
        assert f"up to record {rows[0]['to_confirm']}" in refused.text
        shown, asking = await look(client)
        assert "FR76…0185" in shown
        assert "confirmations" not in shown
        assert 'action="/console/treasury/confirmations"' in asking
        for each in rows:
            done = await client.post(FORM, data=asked(each["to_confirm"], each["payment_order"]))
            assert (303, page) == (done.status_code, done.headers["location"])
        assert [] == await waiting(client)
        assert 200 == (await client.get(f"/treasury/slips/{slip_id}/file")).status_code
    written = [line for line in unchanged.audit.lines if line[1] == Action.ORDER_CONFIRMED]
    assert [f"{LILLE_BUDGET}/{order}" for order in ORDERS] == [line[2] for line in written]
    assert "FR76…0185" in str(written[0])


async def test_a_draft_that_is_given_up_lets_its_order_wait_again(unchanged: Scene) -> None:
    async with unchanged.visitor(LILLE_TREASURY) as client:
        slip_id = await prepared(client)
        gone = await client.post(f"/treasury/slips/{slip_id}/cancel")
        assert "cancelled" == gone.json()["state"]
        waiting = (await client.get("/treasury/slips/waiting")).json()["items"]
        assert ORDERS == [each["payment_order"] for each in waiting]
    assert Action.SLIP_CANCELLED == unchanged.audit.lines[-1][1]


@pytest.mark.parametrize(("day", "is_outside"), [(31, False), (32, True)])
async def test_pages_say_where_a_slip_would_be_behind_its_exercise(
    unchanged: Scene, monkeypatch: pytest.MonkeyPatch, day: int, *, is_outside: bool
) -> None:
    first = datetime(2024, 1, 1, 9, tzinfo=UTC)
    monkeypatch.setattr(treasury_scene, "NOW", first + timedelta(days=day - 1))
    preparing = f"/console/treasury?budget={LILLE_BUDGET}&prepare=01"

    said = "lies outside exercise 2023 and its complementary period"
    async with unchanged.visitor(LILLE_TREASURY) as client:
        asked = (await client.get(preparing)).text
        slip_id = await prepared(client)
        page = (await client.get(f"/console/treasury/slips/{slip_id}")).text
        notice = (await client.get(f"/treasury/slips/{slip_id}")).json()["notice"]
        assert [is_outside] * 3 == [
            said in text for text in [asked, page, "" if notice is None else notice["en"]]
        ]
