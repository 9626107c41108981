"""Two towns in one read model: no answer to one holds anything of the other, on any route."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.api.environment import LILLE_KEY, ROUBAIX
from tests.api.made import Made
from tests.api.reads.answers import ROUBAIX_KEY, get, items
from tests.api.reads.two_entities import (
    CONVENTION,
    FOREIGN,
    GRANT,
    LILLE_BUDGET,
    REFUSED,
    ROUBAIX_BUDGET,
    THEIR_MONEY,
    both,
)
from tests.api.reads.walking import OPEN, filled, get_routes, shown, with_query
from tests.builders import OTHER_ESTABLISHMENT

FILES: Final = ("csv", "xlsx")
OF_LILLE: Final = {
    "budget": [LILLE_BUDGET],
    "sequence": [str(number) for number in range(1, 8)],
    "grant": ["G"],
    "payment_order": ["C/advance"],
    "event_id": ["too-much", "vote", "waits"],
    "ref": ["C", "G", "2023/40", "C/advance", "too-much"],
    "q": ["2023/40", "Subvention", "C", "vote", "489"],
    "file_format": FILES,
    "stage": ["available"],
}
OF_ROUBAIX: Final = {
    "budget": [ROUBAIX_BUDGET],
    "sequence": [str(number) for number in range(1, 9)],
    "grant": [GRANT],
    "payment_order": [f"{CONVENTION}/advance"],
    "event_id": [REFUSED, "R-signed"],
    "ref": [CONVENTION, GRANT, REFUSED, f"{CONVENTION}/advance"],
    "q": [CONVENTION, GRANT, REFUSED, "Chorale"],
    "file_format": FILES,
    "stage": ["available"],
}
NOWHERE: Final = {**OF_ROUBAIX, "budget": ["13001653800014-00-2023"]}
FOR_WHO_READS_ALL: Final = frozenset({"/metrics", "/lag"})
FILTERS: Final = {
    "siret": OTHER_ESTABLISHMENT,
    "convention": CONVENTION,
    "grant": GRANT,
    "search": "Chorale",
}


def test_no_answer_to_one_entity_holds_anything_of_the_other(made: Made) -> None:
    url = made(both())
    routes = [each for each in get_routes() if each.path not in OPEN | FOR_WHO_READS_ALL]
    assert len(routes) > 20
    paths = [path for route in routes for path in filled(route, OF_LILLE)]
    for answer in get(url, *paths, key=LILLE_KEY):
        assert 200 == answer.status_code, (answer.url, answer.text)
        assert not [each for each in FOREIGN if each in shown(answer)], answer.url
        assert THEIR_MONEY.search(shown(answer)) is None, answer.url
    for answer in get(url, *OPEN, *FOR_WHO_READS_ALL, key=LILLE_KEY):
        assert not [each for each in FOREIGN if each in answer.text], answer.url
        assert THEIR_MONEY.search(answer.text) is None, answer.url


def test_each_of_those_names_is_shown_to_its_own_entity(made: Made) -> None:
    url = made(both())
    routes = [each for each in get_routes() if each.path not in OPEN | FOR_WHO_READS_ALL]
    paths = [path for route in routes for path in filled(route, OF_ROUBAIX)]
    answers = get(url, *paths, key=ROUBAIX_KEY)
    assert {200} == {each.status_code for each in answers}
    lists = [each for each in answers if "/dead-letters" not in str(each.url)]
    empty = [str(each.url) for each in lists if each.text.startswith('{"items":[]')]
    assert [] == empty, "a leak would not be seen here"
    texts = [shown(each) for each in answers]
    assert not [each for each in FOREIGN if not any(each in text for text in texts)]
    with_money = [text for text in texts if THEIR_MONEY.search(text)]
    assert len(with_money) > 20, "their amounts would not be seen"


def test_what_the_other_entity_has_is_404_everywhere_as_what_nobody_has(made: Made) -> None:
    url = made(both())
    named = [
        each
        for each in get_routes()
        if each.path not in OPEN and (each.names_something or "budget" in each.required)
    ]
    theirs = [path for route in named for path in filled(route, OF_ROUBAIX)]
    nobodys = [path for route in named for path in filled(route, NOWHERE)]
    answers = get(url, *theirs, *nobodys, key=LILLE_KEY)
    assert {404} == {each.status_code for each in answers}, theirs
    pairs = zip(answers[: len(theirs)], answers[len(theirs) :], strict=True)
    assert [] == [str(one.url) for one, other in pairs if _answer(one) != _answer(other)]


def test_by_the_other_entities_budget_or_number_nobody_filters(made: Made) -> None:
    url = made(both())
    paths = []
    for route in get_routes():
        for name, value in (("budget", ROUBAIX_BUDGET), ("entity", ROUBAIX)):
            if name in route.asked:
                (path, *_) = filled(route, {**OF_LILLE, name: [value]})
                paths.append(path if name in route.required else with_query(path, {name: value}))
    assert len(paths) > 10
    for answer in get(url, *paths, key=LILLE_KEY):
        assert 404 == answer.status_code, answer.url


def test_a_filter_by_what_the_other_entity_has_finds_nothing(made: Made) -> None:
    url = made(both())

    def paths(own: Mapping[str, Sequence[str]]) -> list[str]:
        return [
            with_query(path, {name: FILTERS[name]})
            for route in get_routes()
            if not route.is_file
            for name in sorted(FILTERS.keys() & route.asked)
            for path in filled(route, own)
        ]

    assert len(paths(OF_LILLE)) > 6
    for answer in get(url, *paths(OF_LILLE), key=LILLE_KEY):
        assert [] == items(answer), answer.url
    for answer in get(url, *paths(OF_ROUBAIX), key=ROUBAIX_KEY):
        assert items(answer), answer.url


def test_as_known_at_any_place_of_the_journal_only_ones_own_is_shown(made: Made) -> None:
    url = made(both())
    paths = [
        with_query(path, {"partition": "0", "offset": str(len(both()))})
        for route in get_routes()
        if "offset" in route.asked and not route.is_file
        for path in filled(route, OF_LILLE)
    ]
    assert len(paths) > 5
    for answer in get(url, *paths, key=LILLE_KEY):
        assert items(answer), answer.url
        assert not [each for each in FOREIGN if each in answer.text], answer.url
        assert THEIR_MONEY.search(answer.text) is None, answer.url


def _answer(answer: Any) -> dict[str, Any]:
    """The problem, without what names the request."""
    return {
        name: text for name, text in answer.json().items() if name not in {"instance", "request_id"}
    }
