"""Two towns in one read model: no page of the console shows one anything of the other."""

import re
from typing import Final

import pytest
from stdnum.fr import siret

from tests.api.console_pages import NOWHERE, OF_LILLE, OF_ROUBAIX, addresses
from tests.api.environment import (
    LILLE_KEY,
    ROUBAIX,
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

PAGE: Final = {"accept": "text/html"}
THEIRS: Final = (*FOREIGN, siret.format(ROUBAIX, "\u00a0"))
"""What only Roubaix has, as pages spell it."""

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
