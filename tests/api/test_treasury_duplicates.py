"""A slip whose number is another program's is given up: by address, on its page, on record."""

from typing import Any, Final

import httpx

from services.api.access.caller import Action
from tests.api.test_treasury import issued, post
from tests.api.treasury_scene import LILLE_TREASURY, READER, Scene
from tests.treasury.return_files import an_answer, an_element, an_error

HEAD: Final = {"IdPost": "059999", "CodCol": "350"}
SAID: Final = "Le numéro 1 est du service de l'eau."


async def a_duplicate(client: httpx.AsyncClient) -> str:
    """A slip that was sent, and of which the gateway says that it has it already."""
    slip_id = await issued(client)
    assert 200 == (await client.get(f"/treasury/slips/{slip_id}/file")).status_code
    slip = (await client.get(f"/treasury/slips/{slip_id}")).json()["slip"]
    error = an_error("ERREUR_DOUBLON_BORDEREAU", "le bordereau 1 existe")
    answer = an_answer(an_element(0, error), file_name=slip["file_name"], head=HEAD)
    assert 1 == (await post(client, answer, "acquit.xml")).json()["findings"]
    return slip_id


async def test_by_its_address_with_a_reason_that_is_on_record(scene: Scene) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        path = f"/treasury/slips/{await a_duplicate(client)}/cancel"
        bodies: list[Any] = [None, {"reason": " "}, {"reason": SAID}]
        answers = [await client.post(path, json=each) for each in bodies]
        assert "give that as the reason" in answers[0].json()["detail"]
        assert "cancelled" == answers[2].json()["state"]
        assert [] == (await client.get("/treasury/findings")).json()["items"]
        assert [409, 422, 200] == [each.status_code for each in answers]
    assert (Action.SLIP_CANCELLED, {"reason": SAID}) == (
        scene.audit.lines[-1][1],
        scene.audit.lines[-1][3],
    )


async def test_on_its_page_where_the_reason_is_asked_for(scene: Scene) -> None:
    slip = f"/console/treasury/slips/{(await scene.visit(LILLE_TREASURY, a_duplicate))}"

    async def page(client: httpx.AsyncClient) -> str:
        return (await client.get(f"{slip}?confirm=cancel")).text

    form = await scene.visit(LILLE_TREASURY, page)
    assert "What the accountant said" in form
    assert 'name="reason" rows="2" maxlength="1000" required' in form
    assert "What the accountant said" not in (await scene.visit(READER, page))
    async with scene.visitor(LILLE_TREASURY) as client:
        done = await client.post(slip, data={"act": "cancel", "reason": SAID})
        status, after = (done.status_code, (await client.get(slip)).text)
    assert 303 == status
    assert "service de l&#39;eau" in after
    assert "Cancel the slip" not in after
