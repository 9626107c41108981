"""Marking a record as reviewed in the console: what is published, for whom, and what is shown."""

import json
from collections.abc import Sequence

import httpx
import pytest

from services.api.access.caller import EVERYBODY, Action, Caller, Entities, Scope
from tests.api.made import Made
from tests.api.test_redrive import Desk
from tests.builders import BUDGET, SIRET, Json, a_payment, a_review, a_vote, encoded
from tests.read_model.filling import journal_of_events
from tests.unit.tables.rows import SIGNED

CLERK, READER, NEIGHBOUR = "key-of-the-clerk", "key-of-a-reader", "key-of-another-city"
OWN = Entities.parse([BUDGET[:14]])
CALLERS = {
    CLERK: Caller("key:clerk", {Scope.READ: EVERYBODY, Scope.PUBLISH: OWN}, "Awa Diop"),
    READER: Caller("key:reader", {Scope.READ: EVERYBODY}),
    NEIGHBOUR: Caller("key:neighbour", dict.fromkeys(Scope, Entities.parse([SIRET])), "Roubaix"),
    "all": Caller("key:all", dict.fromkeys(Scope, EVERYBODY), "Comptabilité"),
}
EVENTS: list[Json | bytes] = [*SIGNED, a_payment(200), b"{"]
"""Record 4 is refused; a dead letter stands beside the budget."""

REFUSED = f"/console/reviews/{BUDGET}/4"
DEAD = "/console/reviews/_dead.0/1"


def at_desk(url: str, key: str) -> Desk:
    return Desk(url, key, callers=CALLERS)


def marks(desk: Desk, path: str, **form: str) -> httpx.Response:
    return desk.posts(path, **{"listing": "refused"} | form)


def journal(*more: Json) -> Sequence[bytes]:
    return journal_of_events(map(encoded, [*EVENTS, *more]))


def test_a_review_is_an_event_of_who_is_logged_in(made_in_files: Made) -> None:
    desk = at_desk(made_in_files(journal()), CLERK)
    answer = marks(desk, REFUSED, comment=" Vu avec\r\nla trésorerie ")
    assert (303, f"/console/troubles/refused?pending={BUDGET}%2F4") == (
        answer.status_code,
        answer.headers["location"],
    )
    (message,) = desk.kept.messages
    event = json.loads(message.value)
    assert BUDGET.encode() == message.key
    assert ("urn:ecluse:console", "ecluse.record.reviewed.v1") == (event["source"], event["type"])
    assert ("api_key", "key:clerk") == (event["authtype"], event["authid"])
    assert {
        "budget": BUDGET,
        "sequence": 4,
        "reviewed_by": "Awa Diop",
        "comment": "Vu avec\nla trésorerie",
    } == {name: each for name, each in event["data"].items() if name != "reviewed_on"}
    place = f"{BUDGET}/urn:ecluse:console/{event['id']}"
    assert [("key:clerk", Action.EVENT_PUBLISHED, place, {})] == desk.audit.lines


def test_a_dead_letter_is_reviewed_in_the_newest_budget(made_in_files: Made) -> None:
    newer = a_vote(budget="21590350100017-00-2024", _id="vote 2024")
    desk = at_desk(made_in_files(journal(newer)), "all")
    assert 303 == marks(desk, DEAD, listing="unreadable").status_code
    (message,) = desk.kept.messages
    data = json.loads(message.value)["data"]
    assert ("21590350100017-00-2024", "_dead.0", 1) == (
        data["budget"],
        data["chain"],
        data["sequence"],
    )


@pytest.mark.parametrize(
    ("key", "path", "form", "status"),
    [
        (CLERK, DEAD, {}, 404),
        (CLERK, REFUSED, {"comment": "x" * 1001}, 422),
        (CLERK, REFUSED, {"listing": "elsewhere"}, 422),
    ],
)
def test_nothing_is_published_for_who_may_not_or_says_it_wrong(
    made_in_files: Made, key: str, path: str, form: dict[str, str], status: int
) -> None:
    desk = at_desk(made_in_files(journal()), key)
    assert status == marks(desk, path, **form).status_code
    assert ([], []) == (desk.kept.messages, desk.audit.lines)


@pytest.mark.parametrize(("key", "status"), [(CLERK, 403), ("all", 202)])
def test_a_dead_letter_is_reviewed_by_an_event_of_who_publishes_for_all_alone(
    made_in_files: Made, key: str, status: int
) -> None:
    desk = at_desk(made_in_files(journal()), key)

    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    review = encoded(a_review(1, chain="_dead.0", _source="urn:finance"))
    answer = desk.asks(lambda client: client.post("/events", content=review, headers=headers))
    assert status == answer.status_code, answer.text
    if status == 403:
        assert ["/data/chain"] == [each["pointer"] for each in answer.json()["faults"]]


def test_only_who_may_publish_sees_the_form(made_in_files: Made) -> None:
    url = made_in_files(journal())
    list_, dead = "/console/troubles/refused", "/console/troubles/unreadable"
    assert f'action="{REFUSED}"' in at_desk(url, CLERK).sees(list_)
    assert "Mark as reviewed" not in at_desk(url, READER).sees(list_)
    assert f'action="{DEAD}"' in at_desk(url, "all").sees(dead)
    assert "Mark as reviewed" not in at_desk(url, CLERK).sees(dead)


def test_what_is_marked_is_on_its_way_and_then_settled(made_in_files: Made) -> None:
    list_ = "/console/troubles/refused"
    before = at_desk(made_in_files(journal()), CLERK).sees(f"{list_}?pending={BUDGET}/4")
    assert "Marked as reviewed: on its way into the accounts." in before
    assert "<form" not in before.split('class="cases"')[1]
    desk = at_desk(made_in_files(journal(a_review(4, comment="Déjà payé"))), CLERK)
    page = desk.sees(list_)
    assert "No refused event is left to deal with." in page
    settled = desk.sees(f"{list_}?settled=true")
    assert "Reviewed by Martine AUBERT on 20 July 2023:" in settled
    assert "Déjà payé" in settled
    assert f'href="/console/records/{BUDGET}/5"' in settled
    assert "Needs action</h2>" in desk.sees("/console/today")
    assert "Refused events" not in desk.sees("/console/today")


def test_what_came_again_and_was_accepted_is_settled_by_its_record(made_in_files: Made) -> None:
    desk = at_desk(made_in_files(journal(a_payment(100))), CLERK)
    assert "No refused event is left to deal with." in desk.sees("/console/troubles/refused")
    settled = desk.sees("/console/troubles/refused?settled=true")
    assert "Settled by a later record:" in settled
    assert f'href="/console/records/{BUDGET}/5"' in settled
