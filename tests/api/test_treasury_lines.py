"""Lines that no slip can take: on Today, the budget's page and the treasury's, before a slip."""

from pathlib import Path

import httpx
import pytest

from tests import silence
from tests.api.environment import ALL_KEY
from tests.api.reads.two_entities import LILLE_BUDGET
from tests.api.treasury_scene import LILLE_TREASURY, ROUBAIX_TREASURY, Scene, a_scene
from tests.builders import Json, a_line, a_transfer, a_vote, an_amount, an_award

no_logs = silence.searched_logs

BUDGET_PAGE = f"/console/budgets/{LILLE_BUDGET}"
GRANTS = f"/console/grants/{LILLE_BUDGET}"
ON_TODAY = 'Lines that no slip can take</a> <span class="count">'


def pages(scene: Scene, key: str = LILLE_TREASURY) -> list[str]:
    async def go(client: httpx.AsyncClient) -> list[str]:
        paths = ("/console/today", BUDGET_PAGE, "/console/treasury")
        return [(await client.get(path)).text for path in paths]

    found: list[str] = scene.asked(key, go)
    return found


def test_a_vote_on_an_operation_that_pes_cannot_say_is_to_do(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    assert not [page for page in pages(scene) if "no slip can take" in page]
    line = a_line("RELATIONS-INT", function="3A")
    scene.tell(a_vote(stage="amendment", appropriations=[an_amount(5_000, line=line)], _id="more"))
    today, budget, treasury = pages(scene)
    assert f"{ON_TODAY}1<" in today
    for page in (budget, treasury):
        assert "line 65/65748/3A/RELATIONS-INT: the operation" in page
        assert "the function “3A” is not 1 to 10 digits" in page
    assert f'href="{BUDGET_PAGE}"' in treasury
    assert not [page for page in pages(scene, ROUBAIX_TREASURY) if "RELATIONS-INT" in page]


@pytest.mark.parametrize("is_granted", [False, True])
def test_a_missing_function_is_to_do_once_a_grant_is_paid_from_the_line(
    tmp_path: Path, *, is_granted: bool
) -> None:
    scene = a_scene(tmp_path)
    line: Json = a_line(None, function=None)
    more = an_amount(5_000, line=line)
    award = an_award(5_000, grant="H", lines=[more], _id="H")
    voted = a_vote(stage="amendment", appropriations=[more], _id="more")
    scene.tell(voted, *([award] if is_granted else []))
    assert [is_granted] * 2 == ["function is missing" in page for page in pages(scene)[1:]]


async def test_the_page_of_a_grant_says_what_keeps_its_lines_from_a_slip(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    odd = an_amount(5_000, line=a_line("RELATIONS-INT"))
    voted = a_vote(stage="amendment", appropriations=[odd], _id="more")
    scene.tell(voted, an_award(5_000, grant="H", lines=[odd], _id="H"))
    async with scene.visitor(LILLE_TREASURY) as client:
        found = [await client.get(f"{GRANTS}/{name}") for name in ("G", "H")]
        fault = "No slip can pay from line 65/65748/61/RELATIONS-INT"
        assert [(200, False), (200, True)] == [
            (each.status_code, fault in each.text) for each in found
        ]


def test_a_line_without_money_is_not(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    odd = a_line("OP-12")
    voted = a_vote(stage="amendment", appropriations=[an_amount(5_000, line=odd)], _id="more")
    back = a_transfer(5_000, from_line=odd, to_line=a_line("490"), _id="back")
    scene.tell(voted, back)
    assert not [page for page in pages(scene) if "OP-12: the" in page]
    scene.tell(voted)
    assert 2 == len([page for page in pages(scene) if "OP-12: the" in page])


def test_without_a_treasury_nothing_is_said(tmp_path: Path) -> None:
    scene = a_scene(tmp_path, configured=False)
    odd = an_amount(5_000, line=a_line("OP-12"))
    scene.tell(a_vote(stage="amendment", appropriations=[odd], _id="more"))
    assert not [page for page in pages(scene, ALL_KEY) if "OP-12: the" in page]
