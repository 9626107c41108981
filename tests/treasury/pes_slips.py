"""Slips of golden files: the Lille Avenirs advance, its cancellation, odd texts, every setting."""

import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from events.outbound import PaymentOrderIssued
from services.treasury.domain.slips import Original, Piece, Slip, SlipType
from services.treasury.pes.accountant import TreasuryConfig, read_config
from tests.builders import BUDGET
from tests.treasury.orders import an_order

ROOT: Final = Path(__file__).parents[2]
JOURNAL: Final = ROOT / "tests" / "golden" / "lille-avenirs-2023-avance-solde.journal.jsonl"
PROGRAM: Final = "Écluse 0.20.0"
LILLE: Final = BUDGET[:14]


class Case(NamedTuple):
    """A slip, and the settings that it is written with."""

    slip: Slip
    config: TreasuryConfig
    is_functional: bool = True
    program: str = PROGRAM


def a_config(
    settings: dict[str, Any] | None = None, third_parties: dict[str, Any] | None = None
) -> TreasuryConfig:
    """The settings of one budget, beside the codes that it must have, and a directory."""
    budget = {"IdPost": "059999", "CodCol": "350"} | (settings or {})
    file = {"entities": {LILLE: {"budgets": {"00": budget}}}, "third_parties": third_parties or {}}
    return TreasuryConfig.model_validate(file)


def a_slip(*pieces: Piece, slip_type: SlipType = SlipType.PAYMENT, **more: Any) -> Slip:
    """A slip of these pieces."""
    total_cents = sum(each.amount_cents for each in pieces)
    facts: dict[str, Any] = {
        "budget": BUDGET,
        "slip_type": slip_type,
        "number": 1,
        "issued_on": date(2023, 6, 5),
        "cumulative_cents": total_cents,
        "pieces": pieces,
    }
    return Slip(**facts | more)


def a_piece(order: PaymentOrderIssued, number: int = 1, original: Original | None = None) -> Piece:
    """The piece of a whole order."""
    return Piece(number, order, tuple(each.amount_cents for each in order.lines), original)


@cache
def lille_avenirs_advance() -> PaymentOrderIssued:
    """The advance of 1,131,800.00 as the ledger issued it."""
    for line in JOURNAL.read_text(encoding="utf-8").splitlines():
        for order in json.loads(line)["payment_orders"] or ():
            if order["instalment"] == "avance" and order["state"] == "issued":
                return msgspec.convert(order, PaymentOrderIssued)
    raise AssertionError("the advance was issued")


def the_advance() -> Case:
    """With the settings of the example."""
    config = read_config(ROOT / "deploy" / "treasury.example.yaml")
    slip = a_slip(a_piece(lille_avenirs_advance(), 1), cumulative_cents=113_180_000)
    return Case(slip, config)


def its_cancellation() -> Case:
    """What was not paid of it is taken back: all but its first line."""
    piece = replace(
        a_piece(lille_avenirs_advance(), 3, Original(slip_number=1, piece_number=1, year=2023)),
        line_cents=(0, 37_850_000, 7_550_000),
    )
    cancelling = a_slip(
        piece, slip_type=SlipType.CANCELLATION, number=2, cumulative_cents=50_000_000
    )
    return Case(cancelling, the_advance().config)


LONG_NAME: Final = (
    "Maison de l’emploi, de la formation & du “cœur” de Łódź – Association pour l’insertion <1901>"
)
FOREIGN: Final = {"iban": "BE68539007547034", "bic": "GEBABEBB", "holder": "É" * 40}
NO_BLANK: Final = "x" * 130
LA_POSTE: Final = "35600000000048"


def an_act(number: str | None = None, day: date = date(2023, 12, 31)) -> dict[str, Any]:
    """A deliberation; `DELIB.  DU 31/12/2023` has 20 characters beside its number."""
    return {"body": "Conseil", "number": number, "date": day}


def odd_texts() -> Case:
    """Accents, ligatures, quotes, words without a blank, values that the schema refuses, a cent."""
    abroad = an_order(
        f"{NO_BLANK}/solde",
        (1, 99_999_999),
        beneficiary={"name": LONG_NAME, "siret": "37887770800040"},
        bank_account=FOREIGN,
        title=f"Œuvre\n“d’été” {NO_BLANK}",
        acts=[an_act(day=date(2023, 4, 2)), an_act("a" * 100), an_act("b" * 100)],
    )
    refused = an_order("0/0", (5,), title="nc", beneficiary={"name": "0 1901", "siret": LA_POSTE})
    # Acts and convention of exactly 250 characters, and of one more.
    all_fit = an_order(f"{'c' * 115}/a", acts=[an_act("a" * 90), an_act(day=date(2023, 1, 2))])
    one_more = an_order(f"{'c' * 115}/b", acts=[an_act("a" * 91), an_act(day=date(2023, 1, 2))])
    alone = an_order(f"{NO_BLANK}/c", title=NO_BLANK, acts=[an_act("a" * 100)])
    longer_in_plain = an_order(
        f"{'€' * 100}/a", beneficiary={"name": "É" * 100, "siret": "37887770800040"}
    )
    orders = (abroad, refused, all_fit, one_more, alone, longer_in_plain)
    slip = a_slip(*(a_piece(order, number) for number, order in enumerate(orders, 1)))
    return Case(slip, a_config(), program="É" * 40)


EVERY_SETTING: Final = {
    "CodBud": "Z9",
    "LibellePoste": "SGC de Lille",
    "LibelleColBud": "Budget annexe",
    "Affect": "A1",
    "CodServ": "S-1",
    "TypFic": "PESALR1",
    "Sigle": "MAIRIE",
    "Adresse": "Logiciel de la mairie de Lill",
    "InfoDematerialisee": True,
    "functional": False,
    "CatTiers": "61",
    "NatJur": "03",
    "ModRegl": "05",
    "documents": [
        {"convention": "C", "instalment": "advance", "Support": "02", "IdUnique": "A1"},
        {"convention": "C", "IdUnique": "B2", "NomPJ": "b.pdf", "TypePJ": "007"},
        {"convention": "D", "IdUnique": "C3"},
    ],
}
A_PERSON: Final = {
    "CatTiers": "01",
    "NatJur": "01",
    "RefTiers": "T1",
    "Civilite": "Mme",
    "Nom": "Durand",
    "Prenom": "Claire",
    "Adresse": {
        "TypAdr": "2",
        "Adr1": "Bâtiment A",
        "Adr2": "1 rue Haute",
        "Adr3": "BP 1",
        "CP": "99999",
        "Ville": "Gand",
        "CodPays": "131",
    },
}


def every_setting() -> Case:
    """Settings that are no defaults; a natural person abroad; investment; a number used again."""
    line = {"chapter": "204", "article": "20422", "function": "61", "operation": None}
    investment = an_order(
        lines=[{"line": line, "amount_cents": 100_000, "services": None}],
        beneficiary={"name": "Claire Durand", "siret": "37887770800040"},
    )
    operating = an_order("C/solde", beneficiary={"name": "Société", "siret": LA_POSTE})
    pieces = a_piece(investment, 7), a_piece(operating, 8)
    config = a_config(EVERY_SETTING, {"37887770800040": A_PERSON})
    slip = a_slip(*pieces, number=12, cumulative_cents=12_345_678, correction=2)
    return Case(slip, config, is_functional=False)


CASES: Final = {
    "lille-avenirs-advance": the_advance,
    "lille-avenirs-cancellation": its_cancellation,
    "odd-texts": odd_texts,
    "every-setting": every_setting,
}
"""Slips by the name of their golden file."""
