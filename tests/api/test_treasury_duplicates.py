"""A slip whose number is another program's is given up: by address, on its page, on record."""

from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.api.access.audit import Action
from tests.api.test_treasury import issued, post
from tests.api.treasury_scene import LILLE_TREASURY, READER, Scene, a_scene
from tests.treasury.return_files import an_answer, an_element, an_error

HEAD: Final = {"IdPost": "059999", "CodCol": "350"}
SAID: Final = "Le numéro 1 est du service de l'eau."


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


async def a_duplicate(client: httpx.AsyncClient) -> str:
    """A slip that was sent, and of which the gateway says that it has it already."""
    slip_id = await issued(client)
    assert 200 == (await client.get(f"/treasury/slips/{slip_id}/file")).status_code
    slip = (await client.get(f"/treasury/slips/{slip_id}")).json()["slip"]
    error = an_error("ERREUR_DOUBLON_BORDEREAU", "le bordereau 1 existe")
    answer = an_answer(an_element(0, error), file_name=slip["file_name"], head=HEAD)
    assert 1 == (await post(client, answer, "acquit.xml")).json()["findings"]
    return slip_id


def test_by_its_address_with_a_reason_that_is_on_record(scene: Scene) -> None:
    async def go(client: httpx.AsyncClient) -> list[Any]:
        path = f"/treasury/slips/{await a_duplicate(client)}/cancel"
        bodies: list[Any] = [None, {"reason": " "}, {"reason": SAID}]
        answers = [await client.post(path, json=each) for each in bodies]
        assert "give that as the reason" in answers[0].json()["detail"]
        assert "cancelled" == answers[2].json()["state"]
        assert [] == (await client.get("/treasury/findings")).json()["items"]
        return [each.status_code for each in answers]

    assert [409, 422, 200] == scene.asked(LILLE_TREASURY, go)
    assert (Action.SLIP_CANCELLED, {"reason": SAID}) == (
        scene.audit.lines[-1][1],
        scene.audit.lines[-1][3],
    )


def test_on_its_page_where_the_reason_is_asked_for(scene: Scene) -> None:
    slip = f"/console/treasury/slips/{scene.asked(LILLE_TREASURY, a_duplicate)}"

    async def page(client: httpx.AsyncClient) -> str:
        return (await client.get(f"{slip}?confirm=cancel")).text

    async def given_up(client: httpx.AsyncClient) -> tuple[int, str]:
        done = await client.post(slip, data={"act": "cancel", "reason": SAID})
        return done.status_code, (await client.get(slip)).text

    form = scene.asked(LILLE_TREASURY, page)
    assert "What the accountant said" in form
    assert 'name="reason" rows="2" maxlength="1000" required' in form
    assert "What the accountant said" not in scene.asked(READER, page)
    status, after = scene.asked(LILLE_TREASURY, given_up)
    assert 303 == status
    assert "service de l&#39;eau" in after
    assert "Cancel the slip" not in after
