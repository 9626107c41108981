"""`ecluse trace` from outside: the trace of each kind of reference, for people and programs."""

import json
from pathlib import Path

import pytest

from events.envelope import INBOUND
from services.cli.records.trace_view import SUBJECTS, TYPES, WANTS
from services.cli.terminal.screen import ROWS_MAX
from tests.builders import (
    BUDGET,
    IBAN,
    NEXT_BUDGET,
    OTHER_IBAN,
    Json,
    a_closing,
    a_convention,
    a_new_account,
    a_report,
    a_review,
    a_vote,
    an_award,
    an_instalment,
)
from tests.integration.command import CARRY_OVER, ROOT, ecluse, journal_of, written
from tests.integration.test_tables import unfolded
from tests.test_source import contract_rows
from tests.unit.tables.event_notation import read_events

CONVENTION = "CONV-2023-LILLE-AVENIRS"
TOP = ["ref", "kinds", "records", "awaited"]
ROW = (
    "budget sequence source event_id event_source type time traceparent outcome resumes waits_for"
    " refusal dead_letter review_flags moves commitment_entries payment_orders internal_events"
    " woken_by woke review"
)
AWAITED = "budget convention subject id amount_cents due_on waits_for"


@pytest.fixture
def years(db: Path) -> Path:
    """The grant whose balance is carried over into the next year, and paid there."""
    ecluse("replay", *CARRY_OVER, "--db", db)
    return db


def asked(*args: object) -> Json:
    result = ecluse("trace", *args, "--json")
    assert (0, 1, "") == (result.code, result.text.count("\n"), result.err)
    found: Json = json.loads(result.out)
    assert TOP == list(found)
    assert [ROW.split()] * len(found["records"]) == [list(row) for row in found["records"]]
    assert [AWAITED.split()] * len(found["awaited"]) == [list(row) for row in found["awaited"]]
    return found


def places(found: Json) -> list[tuple[str, int]]:
    return [(row["budget"][-4:], row["sequence"]) for row in found["records"]]


FIRST, SECOND = [("2023", each) for each in range(2, 8)], [("2024", each) for each in range(1, 6)]
"""The year's records but for its vote, and all of the next year's."""


@pytest.mark.parametrize(
    ("ref", "kinds", "expected"),
    [
        (CONVENTION, ["convention"], FIRST + SECOND),
        ("LILLE-AVENIRS-2023", ["grant"], FIRST + SECOND),
        ("2023/40", ["act"], FIRST + SECOND),
        (f"{CONVENTION}/avance", ["payment_order"], FIRST + SECOND[:1]),
        ("paiement-avance", ["event"], [("2023", 6)]),
    ],
    ids=["convention", "grant", "act", "payment order", "event"],
)
def test_the_trace_of_each_kind_of_reference(
    years: Path, ref: str, kinds: list[str], expected: list[tuple[str, int]]
) -> None:
    found = asked(ref, "--db", years)
    assert (ref, kinds) == (found["ref"], found["kinds"])
    assert expected == places(found)


def test_the_balance_is_followed_into_the_year_that_pays_it(years: Path) -> None:
    found = asked(f"{CONVENTION}/solde", "--db", years)
    moved = [
        (row["budget"][-4:], row["moves"][0]["from"], row["moves"][0]["to"])
        for row in found["records"]
        if row["moves"]
    ]
    assert [
        ("2023", "available", "reserved"),
        ("2023", "reserved", "committed"),
        ("2023", "committed", "carried_over"),
        ("2024", None, "committed"),
        ("2024", "committed", "ordered"),
        ("2024", "ordered", "paid"),
    ] == moved
    states = [order["state"] for row in found["records"] for order in row["payment_orders"]]
    assert ["issued", "taken_in_charge", "paid"] == states
    assert [] == found["awaited"]
    for budget in (BUDGET, NEXT_BUDGET):
        alone = asked(f"{CONVENTION}/solde", "--db", years, "--budget", budget)
        assert found == alone, "wherever it is looked for"


@pytest.mark.parametrize("ref", ["cloture-2023", CONVENTION, f"{CONVENTION}/solde"])
def test_the_closing_names_the_internal_event_that_opens_the_next_year(
    years: Path, ref: str
) -> None:
    """It left in the transaction of the closing; next year's first record has read it."""
    written = [
        internal_event
        for row in asked(ref, "--db", years)["records"]
        for internal_event in row["internal_events"]
    ]
    opened = asked(CONVENTION, "--db", years, "--budget", NEXT_BUDGET)["records"]
    read = [row["event_id"] for row in opened if row["type"] == "ecluse.fiscal-year.opened.v1"]
    assert [{"id": read[0], "budget": NEXT_BUDGET, "convention": CONVENTION}] == written


@pytest.mark.parametrize(
    ("language", "internal_event", "its_id"),
    [
        ("fr", "événement interne ouvre {} au budget {}", "identifiant"),
        ("en", "internal event opens {} in {}", "its id"),
    ],
)
def test_people_read_which_internal_events_left_with_a_closing(
    years: Path, language: str, internal_event: str, its_id: str
) -> None:
    ((written,),) = (
        row["internal_events"] for row in asked("cloture-2023", "--db", years)["records"]
    )
    result = ecluse("trace", "cloture-2023", "--db", years, "--lang", language, COLUMNS="140")
    text = spaced(unfolded(result.text))
    assert internal_event.format(CONVENTION, NEXT_BUDGET) in text
    assert f"{its_id} {written['id']}" in text


def test_of_many_internal_events_a_trace_shows_the_first_only(tmp_path: Path, db: Path) -> None:
    names = [f"C-{number:03}" for number in range(ROWS_MAX + 1)]
    awards = [an_award(1, _id=f"a-{each}", grant=f"G-{each}") for each in names]
    signed = [
        a_convention(
            _id=f"c-{each}",
            convention=each,
            grant=f"G-{each}",
            instalments=[an_instalment(1, "balance", documents=[("activity_report", 2022)])],
        )
        for each in names
    ]
    closing = a_closing(names, _id="closing")
    ecluse("replay", written(tmp_path / "m.jsonl", a_vote(), *awards, *signed, closing), "--db", db)
    (row,) = asked("closing", "--db", db)["records"]
    assert names == [internal_event["convention"] for internal_event in row["internal_events"]]
    text = spaced(unfolded(ecluse("trace", "closing", "--db", db, "--lang", "en").text))
    assert (ROWS_MAX, True) == (
        text.count("internal event opens"),
        "internal event … and 1 more" in text,
    )


def test_what_is_awaited_now(db: Path) -> None:
    ecluse("replay", CARRY_OVER[0], "--db", db)
    (balance, *owed) = asked(CONVENTION, "--db", db)["awaited"]
    assert {
        "budget": NEXT_BUDGET,
        "convention": CONVENTION,
        "subject": "instalment",
        "id": "solde",
        "amount_cents": 113180000,
        "due_on": None,
        "waits_for": [
            {"kind": "document", "id": "activity_report/2023"},
            {"kind": "document", "id": "certified_accounts/2023"},
        ],
    } == balance
    assert [("obligation", "activity_report/2023"), ("obligation", "financial_report/2023")] == [
        (each["subject"], each["id"]) for each in owed
    ]


def test_a_journal_of_one_year_alone_says_what_it_does_not_hold(db: Path, tmp_path: Path) -> None:
    ecluse("replay", CARRY_OVER[0], "--db", db)
    alone = tmp_path / "2023.jsonl"
    tail = ("journal", "tail", "-n", 99, "--budget", BUDGET, "--db", db, "--json")
    alone.write_bytes(ecluse(*tail).out)
    (opening,) = asked(CONVENTION, "--journal", alone)["awaited"]
    assert [{"kind": "opening", "id": NEXT_BUDGET}] == opening["waits_for"]
    assert (
        "which this journal does not hold" in ecluse("trace", CONVENTION, "--journal", alone).text
    )


def test_a_trace_shows_who_has_seen_what_was_refused(tmp_path: Path, db: Path) -> None:
    others = (a_review(1), a_review(9, chain="_dead.0"))
    seen = a_review(3, _id="seen", comment="Doublon de saisie")
    events = (a_vote(10), an_award(5), an_award(5, _id="again"), *others, seen)
    ecluse("replay", written(tmp_path / "seen.jsonl", *events), "--db", db)
    assert [2, 3, 6] == [each["sequence"] for each in asked("G", "--db", db)["records"]]


def test_an_exported_journal_tells_the_same(years: Path, tmp_path: Path) -> None:
    journal = journal_of(years, tmp_path / "journal.jsonl")
    for ref in (CONVENTION, "2023/40", "paiement-solde"):
        assert asked(ref, "--db", years) == asked(ref, "--journal", journal)


EARLY = read_events("""
    vote 10_000; convention [advance 60, balance 40 against activity_report 2022], id early;
    award 100, stated_total_cents 99; C/advance on_hold; payment 61; payment 20; new account;
    report, convention D; recovery 5
""")
"""Too early, flagged, held, refused; a bank account; another's report; money asked back."""

TEXTS = {
    "fr": (
        "C désigne une convention.",
        "Budget 21590350100017-00-2023",
        "convention signée\u00a0: en attente d'un acte",
        "la délibération qui attribue la subvention G",
        "reprend n° 2",
        "éveillé par n° 3",
        "éveille n° 4",
        "65/65748/61/489\u00a0: disponible → réservé, 1,00\u00a0€",
        "engagement juridique, 65/65748/61/489\u00a0: 1,00\u00a0€",
        "C/advance\u00a0: émis, 0,60\u00a0€, échéance 14/07/2023",
        "figures_differ.",
        "overpayment. ",
        "R, 0,05\u00a0€",
        "Attendu maintenant",
        "Mandat C/advance (0,40\u00a0€, échéance 14/07/2023)\u00a0: attend la levée de l'instance.",
        "Versement balance de C (0,40\u00a0€)\u00a0: attend rapport d'activité 2022.",
        "Reversement C/R (0,05\u00a0€)\u00a0: attend l'encaissement.",
    ),
    "en": (
        "C names a convention.",
        "Budget 21590350100017-00-2023",
        "convention signed: parked",
        "the deliberation that awards grant G",
        "resumes no. 2",
        "woken by no. 3",
        "wakes no. 4",
        "65/65748/61/489: available → reserved, €1.00",
        "legal commitment, 65/65748/61/489: €1.00",
        "C/advance: issued, €0.60, due on 2023-07-14",
        "figures_differ.",
        "overpayment. ",
        "R, €0.05",
        "Awaited now",
        "Payment order C/advance (€0.40, due on 2023-07-14): waits for the accountant to lift",
        "Instalment balance of C (€0.40): waits for activity report 2022.",
        "Recovery C/R (€0.05): waits for the money to come back.",
    ),
}


def spaced(text: str) -> str:
    """With one space where there are several: words stand in columns."""
    return " ".join(text.split(" ")) if "  " not in text else spaced(text.replace("  ", " "))


@pytest.mark.parametrize("language", TEXTS)
def test_people_read_a_trace(language: str, tmp_path: Path, db: Path) -> None:
    ecluse("replay", written(tmp_path / "early.jsonl", *EARLY), "--db", db)
    result = ecluse("trace", "C", "--db", db, "--lang", language, COLUMNS="140")
    text = spaced(unfolded(result.text))
    assert (0, []) == (result.code, [each for each in TEXTS[language] if each not in text])
    assert "early.jsonl, li" in text


def test_no_iban_is_shown_whole(tmp_path: Path, db: Path) -> None:
    events = [*EARLY, a_vote(_id=f"{IBAN} {OTHER_IBAN}")]
    ecluse("replay", written(tmp_path / "early.jsonl", *events), "--db", db)
    for ref in ("C", "C/advance", str(a_new_account()["id"])):
        for more in ((), ("--json",)):
            result = ecluse("trace", ref, "--db", db, *more)
            assert (0, False, False) == (
                result.code,
                IBAN in result.text,
                OTHER_IBAN in result.text,
            )
    named = ecluse("trace", f"{IBAN} {OTHER_IBAN}", "--db", db)
    assert (0, False) == (named.code, IBAN in named.text.split("\n", 1)[1])


def test_an_ambiguous_reference_is_traced_for_all_that_it_names(tmp_path: Path, db: Path) -> None:
    alone = an_award(100, requires_convention=False)
    events = [a_vote(), alone, a_report(convention="G", _id="G")]
    ecluse("replay", written(tmp_path / "g.jsonl", *events), "--db", db)
    assert ["event", "convention", "grant"] == asked("G", "--db", db)["kinds"]
    assert (
        "G names an event and a convention and a grant: all is shown."
        in ecluse("trace", "G", "--db", db).text
    )
    assert (
        "G désigne un événement et une convention et une subvention"
        in ecluse("trace", "G", "--db", db, "--lang", "fr").text
    )


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("fr", "nope\u00a0: le journal ne connaît ni événement"),
        ("en", "nope: the journal knows no event"),
    ],
)
def test_an_unknown_reference_exits_3_and_says_so(years: Path, language: str, texts: str) -> None:
    for more in ((), ("--json",), ("--budget", "nobody")):
        result = ecluse("trace", "nope", "--db", years, "--lang", language, *more)
        assert (3, b"", True) == (result.code, result.out, texts in result.err)


def test_two_journals_at_once_are_a_question_of_usage(years: Path) -> None:
    for command in (("trace", "C"), ("parked",), ("whatif", CARRY_OVER[0])):
        result = ecluse(*command, "--db", years, "--journal", years)
        assert (2, b"") == (result.code, result.out)
        assert "name two journals" in unfolded(result.err)


def test_each_type_has_its_texts() -> None:
    assert [each.TYPE for each in INBOUND] == [f"ecluse.{name}.v1" for name in TYPES]


def test_the_contract_names_all_that_may_be_awaited() -> None:
    """An event waits for one of the kinds of section 8; all else for those of section 5."""
    rows = contract_rows("5. The command")
    parked = ["budget", "grant", "convention", "recovery"]
    assert {*WANTS, "document"} == {*rows, *parked}
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    assert [] == [subject for subject in SUBJECTS if f"`{subject}`" not in text]
