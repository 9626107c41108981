"""An independent check of a file by the facts of SCDL *Subventions* 2.1.1: nothing is shared with
the program."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

OPTIONAL = {"referenceDecision", "idBeneficiaire", "rnaBeneficiaire", "idRAE", "dispositifAide"}
HEADER = (
    "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,"
    "rnaBeneficiaire,objet,montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,"
    "notificationUE,pourcentageSubvention,dispositifAide"
)
PATTERNS = {
    "idAttribuant": r"\d{14}",
    "dateConvention": r"\d{4}-\d\d-\d\d",
    "idBeneficiaire": r"\d{14}",
    "rnaBeneficiaire": r"W\d{9}",
    "objet": r"(?s:.{1,256})",
    "montant": r"\d+(\.\d\d?)?",
    "nature": r"aide en numéraire|aide en nature|aide en numéraire;aide en nature"
    r"|aide en nature;aide en numéraire",
    "conditionsVersement": r"(?s:.{1,256})",
    "datesPeriodeVersement": r"\d{4}-\d\d-\d\d(/\d{4}-\d\d-\d\d)?",
    "idRAE": r".{1,5}",
    "notificationUE": r"oui|non",
    "pourcentageSubvention": r"1(\.0+)?|0\.(0[1-9]|[1-9])\d*",
}


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a file that is CSV as the schema wants it."""
    text = content.decode("utf-8")
    assert not text.startswith("\ufeff"), "no byte order mark"
    header, rest = text.split("\r\n", 1)
    assert header == HEADER
    reader = csv.reader(io.StringIO(rest, newline=""), strict=True)
    cells = list(reader)
    assert {len(each) for each in cells} <= {16}, "each row has all fields"
    return [dict(zip(HEADER.split(","), each, strict=True)) for each in cells]


def faults(content: bytes) -> list[str]:
    """All that the schema does not allow, row by row."""
    return [
        f"row {number}: {fault}"
        for number, row in enumerate(rows_of(content), start=1)
        for fault in _faults_of(row)
    ]


def _faults_of(row: dict[str, str]) -> Iterator[str]:
    for name, value in row.items():
        if not value.strip():
            if name not in OPTIONAL:
                yield f"{name} is empty"
        elif re.fullmatch(PATTERNS.get(name, "(?s:.+)"), value, re.ASCII) is None:
            yield f"{name} is {value!r}"
    for name in ("idAttribuant", "idBeneficiaire"):
        if row[name] and not has_keys(row[name]):
            yield f"the keys of {name} are wrong: {row[name]}"
    if not row["idBeneficiaire"] and not row["rnaBeneficiaire"]:
        yield "neither SIRET nor RNA"
    for day in [row["dateConvention"], *row["datesPeriodeVersement"].split("/")]:
        try:
            date.fromisoformat(day)
        except ValueError:
            yield f"{day} is no day"


def has_keys(siret: str) -> bool:
    """INSEE's keys: the sum of the digits, every second one from the right doubled, of the SIREN
    and of the whole; establishments of La Poste add theirs up undoubled, to a multiple of 5."""
    if siret.startswith("356000000") and siret != "35600000000048":
        return sum(map(int, siret)) % 5 == 0
    return all(_luhn(each) % 10 == 0 for each in (siret[:9], siret))


def _luhn(digits: str) -> int:
    doubled = (int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits)))
    return sum(each if each < 10 else each - 9 for each in doubled)
