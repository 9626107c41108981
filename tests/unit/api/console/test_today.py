"""Today: what is said of every standing, in both languages; the unknown is never 0."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.api.console.views.today import standing_view
from services.api.console.voice import Voice
from services.api.language import Language
from services.api.queries.standing import Fates, Held, PartitionStanding, Standing

FR = Voice.of(Language.FR)
EN = Voice.of(Language.EN)
LAST = datetime(2023, 7, 20, 12, 2, 11, tzinfo=UTC)
NOW = LAST + timedelta(seconds=8)
FATES = Fates(read=15, accepted=9, duplicate=1, refused=2, parked=1, dead_letter=2)


def a_standing(
    fates: Fates = FATES,
    in_flight: int | None = 0,
    held: Held | None = None,
    last: datetime | None = LAST,
) -> Standing:
    received = None if in_flight is None else fates.read + in_flight
    adds_up = fates.adds_up and (in_flight is None or in_flight >= 0)
    partition = PartitionStanding(
        "ecluse.journal.v1",
        0,
        fates.read,
        fates.read - 1,
        last,
        held,
        fates,
        in_flight,
        received,
        adds_up,
    )
    holds = int(held is not None)
    return Standing((partition,), fates, in_flight, received, last, last, holds, adds_up)


@pytest.mark.parametrize(
    ("standing", "now", "tone", "french", "english"),
    [
        (
            a_standing(),
            NOW,
            "good",
            "Les comptes sont à jour à 14:02:11, il y a 8 secondes.",
            "The accounts are up to date to 14:02:11, 8 seconds ago.",
        ),
        (
            a_standing(),
            NOW + timedelta(days=3),
            "good",
            "Les comptes sont à jour au 20 juillet 2023 à 14:02:11, il y a 3 jours.",
            "The accounts are up to date to 20 July 2023 at 14:02:11, 3 days ago.",
        ),
        (
            a_standing(in_flight=4),
            NOW,
            "info",
            "Les comptes vont jusqu'au 20 juillet 2023 à 14:02:11, il y a 8 secondes.",
            "The accounts go up to 20 July 2023 at 14:02:11, 8 seconds ago.",
        ),
        (
            a_standing(in_flight=None),
            NOW,
            "warn",
            "Les comptes sont à jour à 14:02:11, il y a 8 secondes.",
            "The accounts are up to date to 14:02:11, 8 seconds ago.",
        ),
        (
            a_standing(fates=Fates(0, 0, 0, 0, 0, 0), last=None),
            NOW,
            "info",
            "Les comptes sont vides\u00a0: aucun événement n'y est encore.",
            "The accounts are empty: no event has come yet.",
        ),
    ],
    ids=["of today", "of another day", "in flight", "unknown", "empty"],
)
def test_the_first_sentence(
    standing: Standing, now: datetime, tone: str, french: str, english: str
) -> None:
    verdict = standing_view(standing, now, FR).verdict
    assert (tone, french) == (verdict.tone, verdict.title)
    assert english == standing_view(standing, now, EN).verdict.title


def test_what_was_received_is_what_became_of_it() -> None:
    view = standing_view(a_standing(in_flight=3), NOW, EN)
    assert "18" == view.sum.whole.said
    assert [("accepted", "9"), ("duplicate", "1"), ("refused", "2"), ("parked", "1"),
            ("dead_letter", "2"), ("in_flight", "3")] == [
        (each.name, each.said) for each in view.sum.terms
    ]  # fmt: skip
    assert ("good", "The count adds up.") == (view.sum.result.tone, view.sum.result.said)


def test_a_count_that_does_not_add_up_is_said_with_its_rule() -> None:
    view = standing_view(a_standing(replace(FATES, accepted=7)), NOW, EN)
    assert ("bad", "bad") == (view.sum.result.tone, view.sum.result.icon)
    assert "The count does not add up." == view.sum.result.said
    (notice,) = view.notices
    assert "Read 15, became something 13: the difference is 2." == notice.said
    assert "Rule 5" in notice.rule
    assert "bad" == view.verdict.tone


def test_what_is_not_known_is_no_number() -> None:
    view = standing_view(a_standing(in_flight=None), NOW, FR)
    assert view.sum.whole.said is None
    assert view.sum.terms[-1].said is None
    assert "unknown" == view.sum.result.tone


def test_a_held_partition_is_told_with_what_to_do() -> None:
    held = Held(41, "e", "AssertionError")
    view = standing_view(a_standing(held=held), NOW, EN)
    (notice,) = view.notices
    assert "At offset 41: AssertionError. The other partitions go on." == notice.said
    assert "never skipped" in notice.rule
    assert ("held", "bad") == (view.partitions[0].state.said, view.partitions[0].state.tone)


def test_a_journal_that_ends_before_what_was_read_is_another_one() -> None:
    view = standing_view(a_standing(in_flight=-2), NOW, EN)
    (notice,) = view.notices
    assert "read up to 15, the journal ends 2 before" in notice.said
    assert "The count does not add up." == view.sum.result.said


OWN = replace(FATES, read=13, dead_letter=None)
"""What became of the records of one entity."""


@pytest.mark.parametrize("voice", [FR, EN])
def test_who_sees_one_entity_is_told_its_counts_and_of_no_others(voice: Voice) -> None:
    of_one = a_standing(OWN, in_flight=None)
    view = standing_view(of_one, NOW, voice, sees_all=False)
    assert "info" == view.verdict.tone
    assert [] == view.notices
    terms = {each.name: each.said for each in view.sum.terms}
    assert (None, None) == (terms["dead_letter"], terms["in_flight"])
    assert ("9", "1", "2", "1") == tuple(list(terms.values())[:4])
    assert "unknown" == view.sum.result.tone
    entities = {"entités", "entities"}
    assert entities & set(view.verdict.lead.replace(",", "").split())
    assert entities & set(view.sum.result.said.replace("\u00a0", " ").split())


def test_that_a_partition_is_held_is_told_without_what_holds_it() -> None:
    of_one = a_standing(OWN, in_flight=None, held=Held(None, None, None))
    view = standing_view(of_one, NOW, EN, sees_all=False)
    (notice,) = view.notices
    assert ("Reading partition 0 is held", "The other partitions go on.") == (
        notice.title,
        notice.said,
    )
    assert "bad" == view.verdict.tone


def test_that_the_count_of_all_does_not_add_up_is_told_without_by_how_much() -> None:
    of_one = replace(a_standing(OWN, in_flight=None), adds_up=False)
    view = standing_view(of_one, NOW, EN, sees_all=False)
    (notice,) = view.notices
    assert ("The count does not add up", "") == (notice.title, notice.said)
    assert ("bad", "bad") == (view.sum.result.tone, view.verdict.tone)
