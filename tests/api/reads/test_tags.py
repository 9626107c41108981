"""ETags: whoever has the answer gets 304; it changes with whatever the answer depends on."""

from datetime import timedelta

import pytest

from tests.api.environment import LILLE_KEY, HandClock
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.read_model.filling import journal_of

TAGGED = (
    "/payment-orders/waiting",
    f"/budgets/{BUDGET}/grants/LILLE-AVENIRS-2023",
    f"/budgets/{BUDGET}/execution.xlsx",
    f"/budgets/{BUDGET}/grants.csv",
    "/events/convention-lille-avenirs-2023",
)


@pytest.mark.parametrize("path", TAGGED)
def test_who_has_the_answer_is_shown_304(made: Made, path: str) -> None:
    url = made(journal_of(YEAR))
    first, again = get(url, path, path)
    tag = first.headers["etag"]
    assert tag.startswith('W/"'), "compressed it is the same answer"
    assert (first.content, tag) == (again.content, again.headers["etag"])
    for phrase in (tag, f'"other", {tag}', tag.removeprefix("W/")):
        (known,) = get(url, path, headers={"If-None-Match": phrase})
        assert (304, b"", tag) == (known.status_code, known.content, known.headers["etag"]), phrase
        assert "private, no-cache" == known.headers["cache-control"]
    for phrase in ('"other"', "*"):
        (other,) = get(url, path, headers={"If-None-Match": phrase})
        assert 200 == other.status_code, phrase


def test_what_is_not_there_is_404_whatever_the_caller_has(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    paths = (f"/budgets/{BUDGET}/grants/none", "/budgets/21590350100017-00-2022/execution.csv")
    for phrase in ("*", '"other"'):
        for answer in get(url, *paths, headers={"If-None-Match": phrase}):
            assert 404 == answer.status_code
            assert "etag" not in answer.headers


def test_the_tag_changes_with_the_journal_the_question_the_language_and_who_asks(
    made_in_files: Made,
) -> None:
    journal = journal_of(YEAR)
    shorter, longer = made_in_files(journal[:-1]), made_in_files(journal)
    path = "/payment-orders?limit=10"
    answers = [
        *get(shorter, path),
        *get(longer, path, "/payment-orders?limit=11"),
        *get(longer, path, language="fr"),
        *get(longer, path, key=LILLE_KEY),
    ]
    assert len(answers) == len({each.headers["etag"] for each in answers})


def test_what_depends_on_the_day_has_another_tag_on_another_day(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    clock = HandClock()
    before = get(url, "/payment-orders/waiting", "/payment-orders", clock=clock)
    clock.advance(timedelta(days=1))
    after = get(url, "/payment-orders/waiting", "/payment-orders", clock=clock)
    same = [
        one.headers["etag"] == other.headers["etag"]
        for one, other in zip(before, after, strict=True)
    ]
    assert [False, True] == same
