"""A city's year as the console shows it: Lille Avenirs, and others with every state."""

import json
from typing import Any, Final

from tests.builders import (
    IBAN,
    OTHER_IBAN,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.read_model.filling import EXAMPLES, journal_of_events

BUDGET: Final = "21590350100017-00-2023"
LILLE_AVENIRS: Final = f"{BUDGET}/LILLE-AVENIRS-2023"

ORCHESTRA: Final = {"name": "Orchestre des Quais", "siret": "82123456400010"}
GROCERY: Final = {"name": "Épicerie solidaire de Moulins", "siret": "82123457200013"}
THEATRE: Final = {"name": "Théâtre du Grand Bleu", "siret": "82123458000016"}
CLUB: Final = {"name": "Club d'aviron de la Deûle", "siret": "82123459800018"}

THEATRE_IBAN: Final = OTHER_IBAN

AWAITED_CONVENTION: Final = "CONV-2023-PATRONAGE"
UNREADABLE: Final = b'{"specversion":"1.0","id":"sans-accolade","iban":"' + IBAN.encode() + b'"'


def the_year() -> list[bytes]:
    """The events of Lille Avenirs, as published with the schemas."""
    return (EXAMPLES / "lille-avenirs-2023.jsonl").read_bytes().splitlines()


def the_others() -> list[bytes]:
    """What happens to the others: waiting, stopped, refused, unreadable."""
    events: list[dict[str, Any]] = [
        a_vote(
            stage="supplementary",
            appropriations=[
                an_amount(42_000_000, line=a_line("510", function="311")),
                an_amount(18_500_000, line=a_line("732", function="424")),
            ],
            _id="budget-2023-supplementaire",
            _time="2023-03-10T20:00:00+01:00",
        ),
        *_orchestra(),
        *_grocery(),
        *_theatre(),
        *_club(),
        *_refused_and_parked(),
    ]
    return [*(json.dumps(each, ensure_ascii=False).encode() for each in events), UNREADABLE]


def _orchestra() -> list[dict[str, Any]]:
    """An advance in charge of the accountant; the balance waits for two documents."""
    line = a_line("510", function="311")
    award = [an_amount(12_000_000, line=line)]
    return [
        an_award(
            grant="ORCHESTRE-2023",
            title="Saison symphonique 2023 et actions dans les écoles",
            beneficiary=ORCHESTRA,
            lines=award,
            act=an_act("2023-04-13", "Conseil municipal de Lille", number="23/118"),
            _id="deliberation-orchestre",
            _time="2023-04-13T20:00:00+02:00",
        ),
        a_convention(
            convention="CONV-2023-ORCHESTRE",
            grant="ORCHESTRE-2023",
            acts=[an_act("2023-04-13", "Conseil municipal de Lille", number="23/118")],
            beneficiary=ORCHESTRA,
            bank_account={"iban": IBAN, "holder": ORCHESTRA["name"]},
            signed_on="2023-06-12",
            obligations=[{"kind": "financial_report", "year": 2022, "due_on": "2023-06-30"}],
            instalments=[
                an_instalment(name="advance", lines=[an_amount(8_000_000, line=line)]),
                an_instalment(
                    name="balance",
                    documents=[("activity_report", 2022), ("certified_accounts", 2022)],
                    ceiling=True,
                    lines=[an_amount(4_000_000, line=line)],
                ),
            ],
            _id="convention-orchestre",
            _time="2023-06-12T10:00:00+02:00",
        ),
        an_acknowledgement(
            order="CONV-2023-ORCHESTRE/advance", on="2023-06-20", _time="2023-06-20T09:00:00+02:00"
        ),
        a_report(
            convention="CONV-2023-ORCHESTRE",
            received_on="2023-07-03",
            _id="rapport-orchestre",
            _time="2023-07-03T09:00:00+02:00",
        ),
    ]


def _grocery() -> list[dict[str, Any]]:
    """Awarded; its convention is not signed yet."""
    return [
        an_award(
            grant="EPICERIE-2023",
            title="Aide alimentaire et ateliers de cuisine",
            beneficiary=GROCERY,
            lines=[an_amount(3_400_000, line=a_line("732", function="424"))],
            act=an_act("2023-06-30", "Conseil municipal de Lille", number="23/201"),
            _id="deliberation-epicerie",
            _time="2023-06-30T20:00:00+02:00",
        )
    ]


def _theatre() -> list[dict[str, Any]]:
    """Its order was rejected by the accountant, issued again, and is overdue."""
    line = a_line("510", function="311")
    return [
        an_award(
            grant="THEATRE-2023",
            title="Création jeune public",
            beneficiary=THEATRE,
            lines=[an_amount(6_000_000, line=line)],
            act=an_act("2023-04-13", "Conseil municipal de Lille", number="23/119"),
            _id="deliberation-theatre",
            _time="2023-04-13T20:30:00+02:00",
        ),
        a_convention(
            convention="CONV-2023-THEATRE",
            grant="THEATRE-2023",
            acts=[an_act("2023-04-13", "Conseil municipal de Lille", number="23/119")],
            beneficiary=THEATRE,
            bank_account={"iban": IBAN, "holder": THEATRE["name"]},
            signed_on="2023-05-10",
            instalments=[an_instalment(name="whole", lines=[an_amount(6_000_000, line=line)])],
            _id="convention-theatre",
            _time="2023-05-10T10:00:00+02:00",
        ),
        an_acknowledgement(
            "rejected",
            "CONV-2023-THEATRE/whole",
            on="2023-05-19",
            reason={"code": "RIB", "label": "coordonnées bancaires closes"},
            _time="2023-05-19T09:00:00+02:00",
        ),
        a_new_account(
            THEATRE_IBAN,
            beneficiary=THEATRE,
            bank_account={"iban": THEATRE_IBAN, "holder": THEATRE["name"]},
            effective_on="2023-05-25",
            _id="rib-theatre",
            _time="2023-05-25T09:00:00+02:00",
        ),
        a_payment(
            2_500_000,
            "CONV-2023-THEATRE/whole/2",
            executed_on="2023-07-12",
            _time="2023-07-12T09:00:00+02:00",
        ),
    ]


def _club() -> list[dict[str, Any]]:
    """A small grant without a convention, paid by its act alone; on hold at the accountant's."""
    line = a_line("732", function="424")
    return [
        an_award(
            grant="AVIRON-2023",
            title="Régates scolaires",
            beneficiary=CLUB,
            requires_convention=False,
            lines=[an_amount(450_000, line=line)],
            instalments=[an_instalment(name="whole", lines=[an_amount(450_000, line=line)])],
            act=an_act("2023-06-30", "Conseil municipal de Lille", number="23/202"),
            _id="deliberation-aviron",
            _time="2023-06-30T20:10:00+02:00",
        ),
        a_new_account(
            IBAN,
            beneficiary=CLUB,
            bank_account={"iban": IBAN, "holder": CLUB["name"]},
            effective_on="2023-07-04",
            _id="rib-aviron",
            _time="2023-07-04T09:00:00+02:00",
        ),
        an_acknowledgement(
            "on_hold", "AVIRON-2023/whole", on="2023-07-18", _time="2023-07-18T16:20:00+02:00"
        ),
    ]


def _refused_and_parked() -> list[dict[str, Any]]:
    return [
        an_award(
            grant="FESTIVAL-2023",
            title="Festival des canaux",
            beneficiary=THEATRE,
            lines=[an_amount(90_000_000, line=a_line("510", function="311"))],
            act=an_act("2023-06-30", "Conseil municipal de Lille", number="23/203"),
            _id="deliberation-festival",
            _time="2023-06-30T20:20:00+02:00",
        ),
        a_payment(
            99_000_000,
            "CONV-2023-THEATRE/whole/2",
            _id="paiement-trop-grand",
            _time="2023-07-13T09:00:00+02:00",
        ),
        a_report(
            convention=AWAITED_CONVENTION,
            _id="rapport-patronage",
            _time="2023-07-19T11:00:00+02:00",
        ),
        a_report(
            convention="CONV-2023-LILLE-AVENIRS",
            kind="gossip",
            _id="document-inconnu",
            _time="2023-07-19T12:00:00+02:00",
        ),
        a_report(
            convention="CONV-2023-ORCHESTRE",
            kind="evaluation",
            year=2022,
            received_on="2023-07-20",
            _id="evaluation-orchestre",
            _time="2023-07-20T14:02:11+02:00",
        ),
    ]


def the_journal(*more: bytes) -> list[bytes]:
    """The records of the whole scenario, and of what comes after."""
    return journal_of_events([*the_year(), *the_others(), *more])
