"""A payment that is sent by hand though a return will bring it: pages say so before."""

from pathlib import Path
from typing import Final

import httpx

from tests.api.environment import ALL_KEY, READ_KEY
from tests.api.reads.two_entities import LILLE_BUDGET
from tests.api.test_treasury import issued, sent
from tests.api.treasury_scene import LILLE_TREASURY, Scene, a_scene

ORDER: Final = f"/console/orders/{LILLE_BUDGET}/C/advance"
FORM: Final = f"/console/send/payment/{LILLE_BUDGET}/C/advance"
CHECKED: Final = {"/amount_cents": "1,00", "/executed_on": "2023-06-05"}
SAID: Final = (
    "A payment that is sent by hand, and comes by a return (PES_Retour) too, is booked twice."
)


async def pages(client: httpx.AsyncClient) -> list[str]:
    """The order's page, the form of a payment, and its confirmation."""
    found = [await client.get(ORDER), await client.get(FORM), await client.post(FORM, data=CHECKED)]
    assert [200] * 3 == [each.status_code for each in found]
    return [each.text for each in found]


def said(found: list[str]) -> list[bool]:
    return [SAID in each for each in found]


def test_nothing_is_said_while_no_slip_with_the_order_was_sent(scene: Scene) -> None:
    assert [False] * 3 == said(scene.asked(ALL_KEY, pages))
    scene.asked(LILLE_TREASURY, issued)
    assert [False] * 3 == said(scene.asked(ALL_KEY, pages))


async def test_a_payment_that_a_return_will_bring_is_warned_of(scene: Scene) -> None:
    slip_id = await scene.visit(LILLE_TREASURY, sent)
    found = await scene.visit(ALL_KEY, pages)
    assert [True] * 3 == said(found)
    assert f'href="/console/treasury/slips/{slip_id}"' in found[1]
    async with scene.visitor(READ_KEY) as client:
        assert SAID not in (await client.get(ORDER)).text, "who may send none needs no warning"


def test_without_a_treasury_nothing_is_said(tmp_path: Path) -> None:
    assert [False] * 3 == said(a_scene(tmp_path, configured=False).asked(ALL_KEY, pages))
