"""The list of payment orders says how far each has come, and why one is held back."""

from typing import Final

import httpx
import pytest
from lxml import html

from tests.api.made import Made
from tests.api.questions.visitor import rows_of
from tests.api.reads.answers import get
from tests.api.reads.two_entities import LILLE_BUDGET
from tests.api.treasury_scene import LILLE_TREASURY, READER, Scene
from tests.builders import (
    Json,
    a_convention,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.read_model.filling import journal_of_events

ORDERS: Final = "/console/orders?state=all"
CAPTION: Final = {"en": "List of payment orders", "fr": "Liste des mandats"}
PAGE: Final = {"accept": "text/html"}
SIGNED: Final = (a_vote(), an_award(), a_convention())


def second_lines(page: str, language: str = "en") -> set[str]:
    """The second lines of the states of a list."""
    state = {"en": "State", "fr": "État"}[language]
    rows = rows_of(html.document_fromstring(page), CAPTION[language], second_lines=True)
    return {each[state] for each in rows}


@pytest.mark.parametrize(
    ("answer", "english", "french"),
    [
        (
            an_acknowledgement("taken_in_charge", on="2023-07-06"),
            "since 6 July 2023",
            "depuis le 6 juillet 2023",
        ),
        (
            an_acknowledgement("on_hold", reason={"code": "PJ", "label": "Facture absente"}),
            "PJ – Facture absente",
            "PJ – Facture absente",
        ),
        (
            an_acknowledgement("rejected", reason={"code": "RIB", "label": "Compte clos"}),
            "RIB – Compte clos",
            "RIB – Compte clos",
        ),
        # Without a treasury nothing is said of slips.
        (None, "", ""),
    ],
)
def test_the_accountants_answer_stands_below_the_state(
    answer: Json | None, english: str, french: str, made_in_files: Made
) -> None:
    events = [*SIGNED, *([] if answer is None else [answer])]
    url = made_in_files(journal_of_events(map(encoded, events)))
    for language, phrase in (("en", english), ("fr", french)):
        (page,) = get(url, ORDERS, language=language, headers=PAGE)
        assert {phrase} == second_lines(page.text, language)


def test_an_order_that_nobody_answered_says_on_which_slip_it_is(scene: Scene) -> None:
    async def show(client: httpx.AsyncClient) -> list[set[str]]:
        said = [second_lines((await client.get(ORDERS)).text)]
        slip = (await client.post("/treasury/slips", json={"budget": LILLE_BUDGET})).json()
        said.append(second_lines((await client.get(ORDERS)).text))
        issued = await client.post(f"/treasury/slips/{slip['slip_id']}/issue")
        assert 200 == issued.status_code
        said.append(second_lines((await client.get(ORDERS)).text))
        return said

    assert [
        {"on no slip yet"},
        {"Draft of a slip"},
        {"Slip 1, issued on 5 June 2023"},
    ] == scene.asked(LILLE_TREASURY, show)

    async def show_later(client: httpx.AsyncClient) -> set[str]:
        return second_lines((await client.get(ORDERS)).text, "fr")

    assert {"Bordereau 1, émis le 5 juin 2023"} == scene.asked(READER, show_later, "fr")
