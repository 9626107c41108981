"""What `ecluse lag` says: words and figures in both languages, and its exit codes."""

from collections.abc import Callable

import pytest

from tests.api.lag_boards import JOURNAL, NIGHT, a_board, a_partition, a_stage, stages
from tests.api.lag_scenes import (
    Scene,
    a_burst,
    a_held_partition,
    at_night,
    broker_down,
    postgresql_down,
    treasury_gone,
)
from tests.builders import IBAN
from tests.integration.watched import Json, Serve, asked

pytestmark = pytest.mark.usefixtures("_at_night")


@pytest.mark.parametrize(
    ("scene", "code", "english", "french"),
    [
        (at_night, 0, "The count adds up.", "Le compte est bon."),
        (a_burst, 0, "123,600 ↓", "123\u202f600 ↓"),
        (
            a_held_partition,
            1,
            "events/1 is held before 70871: mandat-2026-11-26-0044.",
            "events/1 est retenue avant 70871\u00a0: mandat-2026-11-26-0044.",
        ),
        (
            broker_down,
            1,
            "The groups were last seen at 03:36:11 (4 min ago): Kafka is silent",
            "vus depuis 03:36:11 (il y a 4 min)\u00a0: Kafka se tait",
        ),
        (postgresql_down, 1, "tries again", "réessaie"),
        (treasury_gone, 1, "payment-orders/0", "payment-orders/0"),
    ],
    ids=lambda scene: getattr(scene, "__name__", ""),
)
def test_what_happens_at_night_is_shown_in_both_languages(
    serve: Serve, scene: Callable[[], Scene], code: int, english: str, french: str
) -> None:
    watch = serve(scene())
    for language, texts in (("en", english), ("fr", french)):
        result = asked(watch, language=language)
        assert (code, "") == (result.code, result.err)
        assert texts in result.text


def test_the_page_stands_from_the_top_down(serve: Serve) -> None:
    result = asked(serve(at_night())).text
    headings = (
        "As seen at 03:40:10 (1 s ago).",
        "All that was received is in the accounts.",
        "Latest event dated 2026-11-26 03:40:03.",
        "Where each stage is",
        "By partition",
        "Received: 139,108 = accepted 138,402 + duplicates 511 + refused 166 + parked 5",
        "dead letters 24; in flight: 0.",
        "Latencies of the last hour",
        "Payment orders waiting: 41, €614,800.00; the oldest: ",
        "By state: issued 29, taken in charge 11, on hold 1, rejected 0.",
        "Overdue: 1, €13,200.00.",
        "Unacknowledged for too long: 1, €14,400.00; the oldest: ",
        "Orders that have waited longest",
        "Reports overdue: 2; the oldest: 2026-06-30.",
        "Parked events: 5, 1 of them past their deadline; the oldest: ",
        "Dead letters: 24, the first: ",
        "missing_field 17, bad_json 7.",
        "Refusals: 166, the last: ",
        "insufficient_credit 101, overpayment 65.",
        "Deadline events: 12 written, 0 to be written.",
        "Second opinion (watch-1): budgets 3, balances that differ 0, faults of the journal 0.",
    )
    text = " ".join(result.split())
    places = [text.find(heading) for heading in headings]
    assert [] == [each for each, at in zip(headings, places, strict=True) if at < 0]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("scene", "figures"),
    [(a_held_partition, ["198,975", "199,108", "133 ↑"]), (broker_down, ["—", "—", "—"])],
)
def test_each_stage_has_its_position_and_where_it_ends(
    serve: Serve, scene: Callable[[], Scene], figures: list[str]
) -> None:
    ledger = next(line for line in asked(serve(scene())).text.splitlines() if "│ Ledger " in line)
    assert figures == [cell.strip() for cell in ledger.split("│")[4:7]]


def test_what_nobody_knows_is_a_dash_and_never_0(serve: Serve) -> None:
    result = asked(serve(broker_down()))
    row = next(line for line in result.text.splitlines() if "│ events/0–2 " in line)
    assert ["—", "—", "—", "—", "—"] == [
        cell.strip() for cell in row.split("│")[3:9] if cell.strip() == "—"
    ]
    assert "in flight: —" in result.text
    assert 1 == result.text.count("Kafka has not answered the watch"), "once for all stages"
    assert "Whether the count adds up is not known: —." in result.text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_group_of_figures_that_the_watch_does_not_know_is_a_dash(
    serve: Serve, language: str
) -> None:
    unknown = asked(serve(a_board() | dict.fromkeys(JOURNAL)), language=language)
    assert 1 == unknown.code, "a count that nobody knows is not well"
    assert len(JOURNAL) == unknown.text.count(": —.")


@pytest.mark.parametrize(
    ("result", "texts"),
    [
        ({"gap": 3}, "3 read and of no known outcome, 0 counted twice"),
        ({"repeated": 1}, "0 read and of no known outcome, 1 counted twice"),
        ({"gap": None, "repeated": 1}, "— read and of no known outcome, 1 counted twice"),
        ({"gap": None}, "Whether the count adds up is not known"),
    ],
)
def test_outcomes_that_do_not_add_up_exit_1(serve: Serve, result: Json, texts: str) -> None:
    board = a_board()
    board["outcomes"] |= result
    shown = asked(serve(board))
    assert (1, True) == (shown.code, texts in shown.text)


@pytest.mark.parametrize(
    ("otherwise", "english", "french"),
    [
        *[
            (wrong, "not all adds up.", "tout ne concorde pas")
            for wrong in (
                {"outcomes": {"gap": 3}},
                {"outcomes": {"gap": None, "repeated": 1}},
                {"watch": {"balances_differing": 2}},
                {"watch": {"journal_faults": 1}},
            )
        ],
        *[
            (unknown, "whether all adds up is not known yet.", "on ne le sait pas encore.")
            for unknown in (
                {"outcomes": None},
                {"outcomes": {"gap": None}},
                {"watch": {"balances_differing": None}},
            )
        ],
    ],
    ids=str,
)
def test_what_is_not_known_to_add_up_is_not_shown_as_wrong(
    serve: Serve, otherwise: Json, english: str, french: str
) -> None:
    board = a_board()
    for group, figures in otherwise.items():
        board[group] = None if figures is None else board[group] | figures
    watch = serve(board)
    for language, texts in (("en", english), ("fr", french)):
        result = asked(watch, language=language)
        assert (1, True) == (result.code, texts in result.text.splitlines()[0])


@pytest.mark.parametrize("wrong", ["balances_differing", "journal_faults"])
def test_a_second_opinion_that_differs_exits_1(serve: Serve, wrong: str) -> None:
    board = a_board()
    board["watch"] |= {wrong: 2}
    assert 1 == asked(serve(board)).code


def test_a_stage_and_a_rule_newer_than_this_command_are_called_by_their_names(serve: Serve) -> None:
    board = a_board(state="SLEEPY", stages=[{**a_stage(NIGHT), "stage": "auditor"}])
    board["stages"][0] |= {"state": "SLEEPY", "rule": "yawns"}
    result = asked(serve(board))
    assert (1, True, True) == (result.code, "auditor" in result.text, "yawns" in result.text)


def test_a_parked_event_of_a_type_and_for_a_reason_newer_than_this_command_is_shown(
    serve: Serve,
) -> None:
    board = a_board()
    waits_for = {"kind": "audit", "id": f"AUDIT-{IBAN}"}
    board["parked"]["items"][0] |= {"type": "ecluse.audit.held.v1", "waits_for": waits_for}
    result = asked(serve(board))
    assert (0, "") == (result.code, result.err)
    assert ["audit.held", "audit AUDIT-FR76…0110"] == [
        texts for texts in ("audit.held", "audit AUDIT-FR76…0110") if texts in result.text
    ]


def test_what_an_event_says_neither_moves_the_cursor_nor_shows_an_account(serve: Serve) -> None:
    held = {"offset": 5, "event_id": f"\x1b[2J{IBAN}"}
    broken = a_partition(state="BROKEN", rule="held", behind=9, held=held)
    ledger = {"state": "BROKEN", "rule": "held", "partitions": [broken]}
    board = a_board(state="BROKEN", stages=stages(NIGHT, ledger=ledger))
    board["orders"]["items"][0]["payment_order"] = f"CONV-{IBAN}/1"
    board["parked"]["items"][0]["event_id"] = f"\x1b[2J{IBAN}"
    result = asked(serve(board))
    assert "\x1b" not in result.text
    assert (False, 3) == (IBAN in result.text, result.text.count("FR76…0110"))
