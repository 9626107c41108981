"""Two towns in one read model: no page of the console shows one anything of the other."""

import asyncio
import re
from typing import Final

import pytest
from stdnum.fr import siret

from services.api.access.caller import EVERYBODY, Caller, Entities, Scope
from tests import silence
from tests.api.console_pages import NOWHERE, OF_LILLE, OF_ROUBAIX, addresses, page_routes
from tests.api.environment import (
    LILLE,
    LILLE_KEY,
    ROUBAIX,
    KeptAudit,
    Known,
    a_reader,
    an_app,
    asking,
)
from tests.api.made import Made
from tests.api.reads.answers import ROUBAIX_KEY, get
from tests.api.reads.two_entities import (
    FOREIGN,
    GRANT,
    LAST_IN_ROUBAIX,
    LILLE_BUDGET,
    ROUBAIX_BUDGET,
    both,
)
from tests.api.reads.walking import filled

no_logs = silence.no_logs

PAGE: Final = {"accept": "text/html"}
THEIRS: Final = (*FOREIGN, siret.format(ROUBAIX, "\u00a0"))
"""What only Roubaix has, as pages spell it."""

OF_LILLE_ALONE: Final = Entities.of([LILLE])
OPERATORS_OF_LILLE: Final = {
    "who sees it alone": dict.fromkeys((Scope.READ, Scope.OPERATE), OF_LILLE_ALONE),
    "who reads all": {Scope.READ: EVERYBODY, Scope.OPERATE: OF_LILLE_ALONE},
}
REQUEST: Final = re.compile(r"<code>[0-9a-f]{16}</code>")


def test_no_page_of_one_entity_shows_anything_of_the_other(made: Made) -> None:
    paths = addresses(OF_LILLE)
    assert len(paths) > 20
    for answer in get(made(both()), *paths, key=LILLE_KEY, headers=PAGE):
        assert 200 == answer.status_code, answer.url
        assert "<h1" in answer.text
        assert not [each for each in THEIRS if each in answer.text], answer.url


def test_each_of_those_names_is_shown_to_its_own_entity(made_in_files: Made) -> None:
    answers = get(made_in_files(both()), *addresses(OF_ROUBAIX), key=ROUBAIX_KEY, headers=PAGE)
    assert {200} == {each.status_code for each in answers}
    assert [] == [each for each in THEIRS if not any(each in page.text for page in answers)]


def test_a_page_of_the_other_entity_is_as_one_of_nobody(made: Made) -> None:
    theirs, nobodys = addresses(OF_ROUBAIX, named=True), addresses(NOWHERE, named=True)
    answers = get(made(both()), *theirs, *nobodys, key=LILLE_KEY, headers=PAGE)
    assert {404} == {each.status_code for each in answers}
    phrase = [
        REQUEST.sub("", each.text.partition("<main")[2].partition("</main>")[0]) for each in answers
    ]
    assert phrase[: len(theirs)] == phrase[len(theirs) :]


@pytest.mark.parametrize(
    "path",
    [
        f"/console/grants?after={ROUBAIX_BUDGET}&after=A",
        f"/console/grants?search={GRANT}",
        f"/console/grants?search={ROUBAIX}",
        f"/console/orders?state=all&after=2023-01-01&after={ROUBAIX_BUDGET}&after=A",
        f"/console/figures/{LILLE_BUDGET}/paid?grant={GRANT}",
        *(
            f"/console/troubles/{kind}?after={LAST_IN_ROUBAIX.replace('+', '%2B')}"
            f"&after={ROUBAIX_BUDGET}&after=99"
            for kind in ("refused", "parked")
        ),
    ],
)
def test_whatever_is_asked_of_a_list_it_holds_ones_own(path: str, made_in_files: Made) -> None:
    (answer,) = get(made_in_files(both()), path, key=LILLE_KEY, headers=PAGE)
    assert 200 == answer.status_code
    listed = answer.text.partition("<main")[2].replace(f'value="{GRANT}"', "")
    listed = listed.replace(f'value="{ROUBAIX}"', "")
    echoed = path.partition("search=")[2] or path.partition("grant=")[2]
    assert [] == [each for each in THEIRS if each in listed and each != echoed]


@pytest.mark.parametrize("scopes", OPERATORS_OF_LILLE.values(), ids=OPERATORS_OF_LILLE)
def test_an_operator_of_one_entity_may_do_nothing_in_the_other(
    scopes: dict[Scope, Entities], made_in_files: Made
) -> None:
    url, audit = made_in_files(both()), KeptAudit()
    known = Known({"key": Caller("key:operator", scopes, "Lille")})

    async def statuses(paths: list[str]) -> list[int]:
        app = an_app(a_reader(url), known, audit=audit)
        async with asking(app, "key") as client:
            return [(await client.post(path, headers=PAGE)).status_code for path in paths]

    theirs, own = (
        [path for route in page_routes("POST") for path in filled(route, values)]
        for values in (OF_ROUBAIX, OF_LILLE)
    )
    assert {404} == set(asyncio.run(statuses(theirs)))
    assert [] == audit.lines
    # Of their own records none is a dead letter; their order shows its account.
    assert [200] == [each for each in asyncio.run(statuses(own)) if each != 404]
    assert [LILLE] == [subject[:14] for _, _, subject, _ in audit.lines]
