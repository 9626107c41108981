"""Today: what is said of every standing, in both languages; the unknown is never 0."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.api.today.read_model_status import (
    HeldRecord,
    OutcomeCounts,
    PartitionStatus,
    ReadModelStatus,
)
from services.api.today.view import status_view
from services.lag.document import Lag
from services.texts.locale_format import LocaleFormat
from tests.api import lag_scenes
from tests.api.lag_boards import NIGHT, Json, a_board, stages
from tests.unit.api.console.lag_views import EN, FR, lag

LATEST = datetime(2023, 7, 20, 12, 2, 11, tzinfo=UTC)
OUTCOMES = OutcomeCounts(read=15, accepted=9, duplicate=1, refused=2, parked=1, dead_letter=2)


def a_status(
    outcomes: OutcomeCounts = OUTCOMES,
    unread: int | None = 0,
    held: HeldRecord | None = None,
    latest: datetime | None = LATEST,
) -> ReadModelStatus:
    decided = None if unread is None else outcomes.read + unread
    adds_up = outcomes.adds_up and (unread is None or unread >= 0)
    partition = PartitionStatus(
        "ecluse.journal.v1",
        0,
        outcomes.read,
        outcomes.read - 1,
        latest,
        held,
        outcomes,
        unread,
        decided,
        adds_up,
    )
    holds = int(held is not None)
    has_all = None if unread is None else unread == 0
    return ReadModelStatus((partition,), outcomes, unread, decided, has_all, latest, holds, adds_up)


ONE_PROCESS, NOBODY = Lag("one_process"), Lag("nobody")


def watched(**phrase: Any) -> Lag:
    """A watch by which all 15 records are decided and read, but for what is said otherwise."""
    outcomes = OUTCOMES_SEEN | {"in_flight": phrase.pop("in_flight", 0)}
    return lag(a_board(outcomes=outcomes, **phrase))


OUTCOMES_SEEN: Json = dict.fromkeys(("gap", "repeated", "resumed"), 0) | {
    "received": 15,
    "accepted": 9,
    "duplicate": 1,
    "refused": 2,
    "parked": 1,
    "dead_letter": 2,
}
DEAD: Json = {"state": "STOPPED", "rule": "no_owner", "behind": 18}
ALL_RECEIVED = (
    "Tout ce qui a été reçu est dans les comptes.",
    "All that was received is in the accounts.",
)
ALL_DECIDED = (
    "Tout ce que le grand livre a décidé est dans les comptes.",
    "Everything that the ledger has decided is in the accounts.",
)
IN_FLIGHT = (
    "Ce qui vient d'arriver est en chemin vers les comptes.",
    "What has just come is on its way into the accounts.",
)
STOPPED = (
    "Le grand livre ne tourne plus, au moins pour une partition.",
    "The ledger has stopped, for one partition at least.",
)
NOBODY_KNOWS = (
    "Personne ne sait jusqu'où vont les comptes.",
    "Nobody knows how far the accounts are.",
)


@pytest.mark.parametrize(
    ("status", "known", "tone", "titles"),
    [
        (a_status(), watched(), "good", ALL_RECEIVED),
        (a_status(), watched(stages=stages(NIGHT, ledger=DEAD), in_flight=18), "bad", STOPPED),
        (a_status(), watched(stages=stages(NIGHT, treasury=DEAD)), "good", ALL_RECEIVED),
        (a_status(unread=None), watched(), "good", ALL_RECEIVED),
        (a_status(unread=2), watched(), "info", IN_FLIGHT),
        (a_status(), lag(a_board(), error="no_answer"), "warn", ALL_DECIDED),
        (a_status(), lag(lag_scenes.broker_down().board), "warn", ALL_DECIDED),
        (a_status(), NOBODY, "info", ALL_DECIDED),
        (a_status(unread=None), NOBODY, "warn", NOBODY_KNOWS),
        (a_status(), ONE_PROCESS, "good", ALL_RECEIVED),
        (a_status(unread=4), ONE_PROCESS, "info", IN_FLIGHT),
        (
            a_status(outcomes=OutcomeCounts(0, 0, 0, 0, 0, 0), latest=None),
            ONE_PROCESS,
            "info",
            (
                "Les comptes sont vides\u00a0: aucun événement n'y est encore.",
                "The accounts are empty: no event is in them yet.",
            ),
        ),
    ],
    ids=[
        "watched",
        "a dead ledger",
        "a treasury that is away",
        "an end that nobody knows",
        "read later",
        "a silent watch",
        "a silent cluster",
        "no watch",
        "no watch, no end",
        "one process",
        "one process behind",
        "empty",
    ],
)
def test_the_first_sentence(
    status: ReadModelStatus, known: Lag, tone: str, titles: tuple[str, str]
) -> None:
    views = [status_view(status, known, NIGHT, locale) for locale in (FR, EN)]
    assert titles == tuple(each.verdict.title for each in views)
    assert {tone} == {each.verdict.tone for each in views}


@pytest.mark.parametrize("known", [NOBODY, lag(a_board(), error="no_answer")])
def test_without_a_watch_nothing_is_shown_to_be_received(known: Lag) -> None:
    for locale, text, whole in ((FR, "reçu", "décidés"), (EN, "received", "decided")):
        view = status_view(a_status(unread=3), known, NIGHT, locale)
        assert text not in f"{view.verdict.title} {view.verdict.lead}"
        assert (whole, "18") == (view.sum.whole.label, view.sum.whole.text)
        assert ("unread", "3") == (view.sum.terms[-1].name, view.sum.terms[-1].text)


def test_what_a_dead_ledger_left_waiting_is_in_flight_and_no_account_is_called_whole() -> None:
    dead = watched(stages=stages(NIGHT, ledger=DEAD), in_flight=18)
    view = status_view(a_status(), dead, NIGHT, EN)
    assert "18 records are to be read." == view.verdict.lead
    assert ("33", "18") == (view.sum.whole.text, view.sum.terms[-1].text)


def test_since_when_a_dead_ledger_stands_is_shown_to_who_sees_all() -> None:
    dead = watched(stages=lag_scenes.a_dead_ledger().board["stages"], in_flight=12, state="STOPPED")
    since = "In this state since 03:39:33. Waiting since 03:39:29 at least."
    view = status_view(a_status(), dead, NIGHT, EN)
    assert f"12 records are to be read. {since}" == view.verdict.lead
    some = status_view(a_status(), dead, NIGHT, EN, sees_all=False)
    assert "since" not in some.verdict.lead


def test_when_it_was_seen_and_of_when_the_latest_event_is_are_two_facts() -> None:
    view = status_view(a_status(), watched(), NIGHT, EN)
    assert "Seen at 03:40:10. Latest event dated 20 July 2023 at 14:02:11." == view.verdict.facts
    view = status_view(a_status(latest=None), ONE_PROCESS, NIGHT, FR)
    assert "Vu à 03:40:11." == view.verdict.facts


def test_what_was_received_is_what_became_of_it() -> None:
    view = status_view(a_status(), watched(in_flight=3), NIGHT, EN)
    assert "18" == view.sum.whole.text
    assert [("accepted", "9"), ("duplicate", "1"), ("refused", "2"), ("parked", "1"),
            ("dead_letter", "2"), ("in_flight", "3")] == [
        (each.name, each.text) for each in view.sum.terms
    ]  # fmt: skip
    assert ("good", "The count adds up.") == (view.sum.result.tone, view.sum.result.text)


def test_a_count_that_does_not_add_up_is_shown_with_its_rule() -> None:
    view = status_view(a_status(replace(OUTCOMES, accepted=7)), watched(), NIGHT, EN)
    assert ("bad", "bad") == (view.sum.result.tone, view.sum.result.icon)
    assert "The count does not add up." == view.sum.result.text
    (notice,) = view.notices
    assert "Read 15, became something 13: the difference is 2." == notice.text
    assert "Rule 5" in notice.rule
    assert ("bad", "Do not rely on these accounts before a check.") == (
        view.verdict.tone,
        view.verdict.title,
    )


def test_what_is_not_known_is_no_number() -> None:
    view = status_view(a_status(unread=None), NOBODY, NIGHT, FR)
    assert view.sum.whole.text is None
    assert view.sum.terms[-1].text is None
    assert "unknown" == view.sum.result.tone


def test_a_held_partition_is_shown_with_what_to_do() -> None:
    held = HeldRecord(41, "e", "AssertionError")
    view = status_view(a_status(held=held), NOBODY, NIGHT, EN)
    (notice,) = view.notices
    assert "At offset 41: AssertionError. The other partitions go on." == notice.text
    assert "never skipped" in notice.rule
    assert ("held", "bad") == (view.partitions[0][1].text, view.partitions[0][1].tone)


def test_a_journal_that_ends_before_what_was_read_is_another_one() -> None:
    view = status_view(a_status(unread=-2), NOBODY, NIGHT, EN)
    (notice,) = view.notices
    assert "read up to 15, the journal ends 2 before" in notice.text
    assert "The count does not add up." == view.sum.result.text


OWN = replace(OUTCOMES, read=13, dead_letter=None)
"""What became of the records of one entity."""


@pytest.mark.parametrize("locale", [FR, EN])
def test_who_sees_one_entity_is_shown_its_counts_and_of_no_others(locale: LocaleFormat) -> None:
    of_one = replace(a_status(OWN, unread=None), has_all_decided=True)
    view = status_view(of_one, watched(in_flight=18), NIGHT, locale, sees_all=False)
    assert "good" == view.verdict.tone, "of all stages, as it was seen"
    assert [] == view.notices
    terms = {each.name: each.text for each in view.sum.terms}
    assert (None, None) == (terms["dead_letter"], terms["in_flight"])
    assert ("9", "1", "2", "1") == tuple(list(terms.values())[:4])
    assert "unknown" == view.sum.result.tone
    entities = {"entités", "entities"}
    assert entities & set(view.verdict.lead.replace(",", "").split())
    assert entities & set(view.sum.result.text.replace("\u00a0", " ").split())


def test_that_a_partition_is_held_is_shown_without_what_holds_it() -> None:
    of_one = a_status(OWN, unread=None, held=HeldRecord(None, None, None))
    view = status_view(of_one, NOBODY, NIGHT, EN, sees_all=False)
    (notice,) = view.notices
    assert ("Reading partition 0 is held", "The other partitions go on.") == (
        notice.title,
        notice.text,
    )
    assert "bad" == view.verdict.tone


def test_that_the_count_of_all_does_not_add_up_is_shown_without_by_how_much() -> None:
    of_one = replace(a_status(OWN, unread=None), adds_up=False)
    view = status_view(of_one, NOBODY, NIGHT, EN, sees_all=False)
    (notice,) = view.notices
    assert ("The count does not add up", "") == (notice.title, notice.text)
    assert ("bad", "bad") == (view.sum.result.tone, view.verdict.tone)
