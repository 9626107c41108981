"""What people read: tables whose figures stand whole, however narrow the screen."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from services.cli.terminal.screen import ROWS_MAX
from services.texts.formats import euros
from services.texts.language import Language
from tests.builders import BUDGET, Json, a_line, a_notification, a_payment, a_vote, an_award
from tests.integration.command import EXAMPLE, WIDE, ecluse, written


def unfolded(text: str) -> str:
    """The text of each cell on one line: cells of a row are put together column by column."""
    whole = [text]
    for rows in re.split(r"\n[┏┡├└].*", text):
        cells = [line.split("│")[1:-1] for line in rows.splitlines() if line.startswith("│")]
        for column in zip(*cells, strict=False):
            pieces = [cell.strip(" ") for cell in column]
            whole += [" ".join(pieces)]
    return "\n".join(whole)


TEXTS = {
    "fr": (
        "Écritures d'engagement",
        "engagement juridique",
        "Mandats",
        "en instance",
        f"Soldes du budget {BUDGET}",
        "disponible",
        "Événements refusés",
        "Le mandat C/advance est de 1\u202f000,00\u00a0€, dont 0,01\u00a0€ déjà payés",
        "À vérifier",
        "Le bénéficiaire n'est pas désigné de la même façon",
        "Enregistrements non conformes",
        "mixed.jsonl, ligne 9",
        "Événements en attente d'un acte",
        "En attente de la signature de la convention D.",
        "Ce n'est pas un objet JSON strict en UTF-8",
        "Valeur non admise en /data/appropriations (la liste est vide)",
        "10 événements lus\u00a0: 5 acceptés, 1 doublon, 1 refusé, 1 en attente d'un acte,",
    ),
    "en": (
        "Commitment entries",
        "legal commitment",
        "Payment orders",
        "on hold",
        f"Balances of budget {BUDGET}",
        "available",
        "Refused events",
        "The payment order C/advance is for €1,000.00, €0.01 already paid",
        "To review",
        "The beneficiary is named in two ways",
        "Dead letters",
        "mixed.jsonl, line 9",
        "Parked events",
        "Waits for the signature of convention D.",
        "This is not a strict JSON object in UTF-8",
        "Value not allowed at /data/appropriations (the list is empty)",
        "10 events read: 5 accepted, 1 duplicate, 1 refused, 1 parked, 2 dead",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_people_read_tables_in_their_language(mixed: Path, language: str) -> None:
    result = ecluse("--lang", language, "replay", mixed)
    assert 0 == result.code
    assert [] == [texts for texts in TEXTS[language] if texts not in unfolded(result.text)]
    assert result.out == ecluse("replay", mixed, ECLUSE_LANG=language).out


def amounts_of_the_example(language: str) -> set[str]:
    """Every amount that a summary of the example names."""
    found = json.loads(ecluse("replay", EXAMPLE, "--json").out)
    cents: set[int] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            cents.update(value[name] for name in value if name == "amount_cents")
            cents.update(
                value[name] for name in value if name in {"appropriated_cents", "paid_cents"}
            )
            for each in value.values():
                collect(each)
        elif isinstance(value, list):
            for each in value:
                collect(each)

    collect([found["lines"], found["payment_orders"], found["commitment_entries"]])
    return {euros(each, Language(language)) for each in cents}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_each_amount_of_the_example_stands_whole_on_one_line(language: str, width: int) -> None:
    result = ecluse("replay", EXAMPLE, "--lang", language, COLUMNS=str(width))
    lines = result.text.splitlines()
    found = amounts_of_the_example(language)
    assert len(found) > 5
    assert set() == {amount for amount in found if not any(amount in line for line in lines)}
    figures = re.compile(r"[0-9][.,][0-9]{2}\u00a0€|€[0-9,]+\.[0-9]{2}")
    shown = sum(len(figures.findall(line)) for line in lines)
    assert shown == 6 + 18 + 18, "entries, balances, orders: none is cut"
    if width >= 80:
        assert width >= max(map(len, lines)), "and no line leaves the screen"


def test_where_there_is_no_terminal_a_page_holds_the_tables() -> None:
    for language in ("fr", "en"):
        result = ecluse("replay", EXAMPLE, "--lang", language)
        assert 100 >= max(map(len, result.text.splitlines()))
        assert ("crédits ouverts" if language == "fr" else "appropriated") in result.text
    assert "14/07/2023" in ecluse("replay", EXAMPLE, "--lang", "fr").text
    assert "2023-07-14" in ecluse("replay", EXAMPLE, "--lang", "en").text


def test_what_an_event_says_is_text_never_markup(tmp_path: Path) -> None:
    odd = "[/b]"
    line = a_line(chapter=odd, article="[red]")
    hostile: list[Json | bytes] = [
        a_vote(appropriations=[{"line": line, "amount_cents": 100_000}], _id="[/v]"),
        a_vote(_id="[/again]"),
        a_notification(convention="[c]", _id="[/n]"),
        an_award(stated_total_cents=7, _id="\x1b[31mred"),
    ]
    file = written(tmp_path / "[b]odd[slash].jsonl", *hostile, b"{")
    db = tmp_path / "odd.db"
    result = ecluse("replay", file, "--db", db)
    tail = ecluse("journal", "tail", "--db", db)
    shown = ecluse("journal", "show", BUDGET, 1, "--db", db)
    for each in (result, tail, shown):
        assert (0, "") == (each.code, "\n".join(re.findall("Traceback.*", each.err)))
        assert "\x1b" not in each.text
    assert "[/b]/[red]/61/489" in result.text
    assert "[/again]" in tail.text
    assert "[c]" in unfolded(result.text)
    assert "[/v]" in shown.text


@pytest.mark.parametrize(
    ("language", "more"), [("fr", "… et 10 de plus\u00a0: --json"), ("en", "… and 10 more: --json")]
)
def test_a_long_table_only_begins(tmp_path: Path, language: str, more: str) -> None:
    lines = [{"line": a_line(str(number)), "amount_cents": 1} for number in range(ROWS_MAX + 10)]
    waits = [a_notification(convention=f"C{n}", _id=f"n{n}") for n in range(ROWS_MAX + 10)]
    bad = [b"{"] * (ROWS_MAX + 10)
    refused = [a_vote(_id=f"v{number}") for number in range(ROWS_MAX + 10)]
    file = written(tmp_path / "long.jsonl", a_vote(appropriations=lines), *waits, *bad, *refused)
    result = ecluse("replay", file, "--lang", language)
    assert 4 == result.text.count(more), "balances, parked, refused, unreadable"
    assert 1 == ecluse("validate", file, "--lang", language).text.count(more)


def test_one_and_none_are_counted_as_each_language_does(tmp_path: Path) -> None:
    file, wide = written(tmp_path / "one.jsonl", a_vote()), partial(ecluse, COLUMNS=WIDE)
    assert "1 événement lu\u00a0: 1 accepté, 0 doublon, 0 refusé" in (
        ecluse("replay", file, "--lang", "fr").text
    )
    assert "1 event read: 1 accepted, 0 duplicates" in ecluse("replay", file).text
    assert "1 événement valide sur 1." in wide("validate", file, "--lang", "fr").text
    assert "1 valid event of 1." in wide("validate", file).text


def test_long_codes_go_on_below(tmp_path: Path) -> None:
    line = a_line(chapter="7" * 60)
    vote = a_vote(appropriations=[{"line": line, "amount_cents": 2**53 - 1}])
    file = written(tmp_path / "codes.jsonl", vote, a_payment(1, "unknown/advance"))
    result = ecluse("replay", file, COLUMNS="80")
    assert 80 >= max(map(len, result.text.splitlines()))
    assert "€90,071,992,547,409.91" in result.text
    assert 61 <= result.text.count("7")


def test_a_width_of_zero_is_none(tmp_path: Path) -> None:
    file = written(tmp_path / "one.jsonl", a_vote())
    assert ecluse("replay", file).text == ecluse("replay", file, COLUMNS="0").text
