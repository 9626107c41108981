"""Invented files of grants, in the shapes that real ones have; each row with what becomes of it."""

import csv
import io
import re
from collections.abc import Mapping
from typing import NamedTuple

TAKEN, REPAIRED, REFUSED = "taken", "repaired", "refused"

ROW = {
    "nomAttribuant": "Ville de Saint-Étienne-sur-l'Écluse",
    "idAttribuant": "21590350100017",
    "dateConvention": "2023-05-15",
    "referenceDecision": "2023/40",
    "nomBeneficiaire": "Association « Les Éclusiers »",
    "idBeneficiaire": "37887770800040",
    "rnaBeneficiaire": "",
    "objet": "Fonctionnement, chœur et œuvres",
    "montant": "58400.00",
    "nature": "aide en numéraire",
    "conditionsVersement": "échelonné",
    "datesPeriodeVersement": "2023-05-15/2023-12-31",
    "idRAE": "",
    "notificationUE": "non",
    "pourcentageSubvention": "1.00",
    "dispositifAide": "",
}
"""A row that the schema allows."""

WITH_ZERO = "05550010200011"
"""A SIRET with right keys that begins with a zero."""

ETALAB = [name for name in ROW if name not in {"rnaBeneficiaire", "dispositifAide"}]

FORK = re.findall(
    r"\w+",
    "idSubvention nomAttribuant idAttribuant nomServiceInstructeur idServiceInstructeur"
    " nomBeneficiaire idBeneficiaire rnaBeneficiaire exerciceBudgetaire pluriannualite"
    " anneesPluriannualite dateDecision dateConvention referenceDecision dateCreation dateDebut"
    " dateFin dispositif sousDispositif statutLabel objet nature montantDemande montant"
    " nomOutilInstruction nomOutilVersement ej cléVersement conditionsVersement"
    " descriptionConditionsVersement datesPeriodeVersement cofinancement attribuantsCofinanceurs"
    " idCofinancement idRAE notificationUE pourcentageSubvention evaluationCout evaluation"
    " dateMiseAJour",
)
"""The columns of the fork of 2024."""

TITLES = {
    "nomAttribuant": "Nom de l'attribuant",
    "idAttribuant": "Identification de l'attribuant",
    "dateConvention": "Date de la convention de subvention",
    "referenceDecision": "Référence de la décision",
    "nomBeneficiaire": "Nom du bénéficiaire",
    "idBeneficiaire": "Identification SIRET du bénéficiaire",
    "rnaBeneficiaire": "Identification RNA du bénéficiaire",
    "objet": "Objet de la subvention",
    "montant": "Montant total de la subvention",
    "nature": "Nature de la subvention",
    "conditionsVersement": "Conditions de versement de la subvention",
    "datesPeriodeVersement": "Date ou période de versement",
    "idRAE": "Identifiant RAE de l’aide au titre de laquelle la subvention est attribuée",
    "notificationUE": "Aide d'Etat notifiée à la Commission Européenne",
    "pourcentageSubvention": "Pourcentage du montant total de la subvention attribuée au "
    "bénéficiaire",
    "dispositifAide": "Identifiant référençant le dispositif d'aide à l'origine de la subvention",
}


class Shape(NamedTuple):
    """A file, and what becomes of each of its rows."""

    content: bytes
    outcomes: list[str]


def a_row(**cells: str) -> dict[str, str]:
    return ROW | cells


def lines_of(*rows: Mapping[str, str], delimiter: str = ",") -> list[str]:
    """Rows as lines, their cells in quotation marks where they must be."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([*each.values()] for each in rows)
    return written.getvalue().splitlines()


def a_file(*rows: Mapping[str, str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A file with these rows under the columns of the first."""
    header = dict(zip(rows[0], rows[0], strict=True))
    lines = lines_of(header, *rows, delimiter=delimiter)
    return "\r\n".join([*lines, ""]).encode(encoding)


def with_header(names: list[str], *lines: str, delimiter: str = ",") -> bytes:
    return "\r\n".join([delimiter.join(names), *lines, ""]).encode()


def twice(text: str, codepage: str = "cp1252") -> str:
    """A text whose UTF-8 was read as a code page."""
    return text.encode().decode(codepage)


def _etalab() -> Shape:
    rows = [
        a_row(datesPeriodeVersement="2023-05-15_2023-12-31"),
        a_row(pourcentageSubvention="80"),
        a_row(nature="aide en numéraire,aide en nature"),
        a_row(montant="22000,80"),
        a_row(),
    ]
    kept = [{name: each[name] for name in ETALAB} for each in rows]
    return Shape(a_file(*kept), [REPAIRED] * 4 + [TAKEN])


def _fork() -> Shape:
    own = {name: ROW.get(name, "") for name in FORK}
    free = own | {"conditionsVersement": "autre", "descriptionConditionsVersement": "par projet"}
    return Shape(a_file(own, free), [TAKEN, TAKEN])


def _titles() -> Shape:
    return Shape(with_header([*lines_of(TITLES)], *lines_of(a_row())), [TAKEN])


def _spreadsheets() -> Shape:
    broken = {
        "37887770800040": TAKEN,
        "378 877 708 00040": REPAIRED,
        "378\u00a0877\u00a0708\u00a000040": REPAIRED,
        "'37887770800040": REPAIRED,
        "37887770800040.0": REPAIRED,
        WITH_ZERO[1:]: REPAIRED,
        "7,86E+13": REFUSED,
        "3.78877708E+13": REFUSED,
        "378877708": REFUSED,
        "37887770800041": REFUSED,
        "sans objet": REFUSED,
        "": REFUSED,
    }
    return Shape(a_file(*(a_row(idBeneficiaire=each) for each in broken)), [*broken.values()])


def _commas_without_quotes() -> Shape:
    plain = ",".join(
        a_row(objet="Fonctionnement", montant="{}", pourcentageSubvention="{}").values()
    )
    cells = {
        plain.format("22000,80", "1.00"): REPAIRED,
        plain.format("22000.80", "0,8"): REPAIRED,
        plain.format("22000,80", "0,8"): REPAIRED,
        plain.format("22000.80", "1.00"): TAKEN,
        # 22 of 000 cents, or 22,000: nobody knows; nor which two cells were one.
        plain.format("22,000", "1.00"): REFUSED,
        plain.replace("Fonctionnement", "A, b").format("22000", "1.00"): REFUSED,
        # A share of 1,0 and no scheme, or of 1 and the scheme 0.
        plain.format("22000.80", "1,0"): REFUSED,
    }
    both = a_row(objet="Fonctionnement", nature="aide en numéraire,aide en nature")
    cells[",".join(both.values())] = REPAIRED
    cells[twice(",".join(both.values()))] = REPAIRED
    return Shape(with_header([*ROW], *cells), [*cells.values()])


def _words() -> Shape:
    cells = [
        (a_row(montant="58 400,00"), REPAIRED),
        (a_row(montant="58\u202f400,00\u00a0€"), REPAIRED),
        (a_row(montant="58.400"), REFUSED),
        (a_row(montant="environ 58 400"), REFUSED),
        (a_row(nature="en numéraire"), REPAIRED),
        (a_row(nature="Aide en Nature"), REPAIRED),
        (a_row(nature="prêt"), REFUSED),
        (a_row(idRAE="sans objet"), REPAIRED),
        (a_row(dispositifAide="Sans objet"), REPAIRED),
        (a_row(datesPeriodeVersement="sans objet"), REFUSED),
        (a_row(datesPeriodeVersement="fin de l'action"), REFUSED),
        (a_row(datesPeriodeVersement="2023-05-15/fin de l'action"), REFUSED),
        (a_row(datesPeriodeVersement="2023"), REPAIRED),
        (a_row(dateConvention="2023"), REFUSED),
        (a_row(dateConvention="27/06/2023"), REPAIRED),
        (a_row(dateConvention="05/12/2023"), REFUSED),
        (a_row(rnaBeneficiaire="W9G1000123"), REFUSED),
        (a_row(rnaBeneficiaire="w 595 012345"), REPAIRED),
        (a_row(idBeneficiaire="", rnaBeneficiaire="W595012345"), TAKEN),
        (a_row(notificationUE="NON"), REPAIRED),
        (a_row(notificationUE=""), REFUSED),
        (a_row(objet="x" * 257), REFUSED),
        (a_row(conditionsVersement="Unique"), REPAIRED),
        (a_row(conditionsVersement="sur présentation des factures"), TAKEN),
    ]
    return Shape(a_file(*(row for row, _ in cells)), [outcome for _, outcome in cells])


def _encodings() -> Shape:
    head = lines_of(dict(zip(ROW, ROW, strict=True)))
    own, again = lines_of(a_row(), {name: twice(cell) for name, cell in ROW.items()})
    latin = {name: twice(cell, "latin-1") for name, cell in a_row(objet="à l'été").items()}
    lines = [each.encode() for each in (*head, own, again, *lines_of(latin))]
    return Shape(b"\n".join([*lines, own.encode("cp1252"), b""]), [TAKEN, *[REPAIRED] * 2, TAKEN])


def _blank_rows() -> Shape:
    head, first = lines_of(dict(zip(ROW, ROW, strict=True)), a_row())
    blank = "," * (len(ROW) - 1)
    return Shape(f"\n{head}\n\n{first}\n{blank}\n  \n{first}".encode(), [TAKEN, TAKEN])


def _trailing() -> Shape:
    head, *rows = lines_of(dict(zip(ROW, ROW, strict=True)), a_row(), a_row(), delimiter=";")
    return Shape("\n".join(f"{line};;" for line in (head, *rows)).encode(), [TAKEN, TAKEN])


def _quotation_marks() -> Shape:
    head, row = lines_of(dict(zip(ROW, ROW, strict=True)), a_row())
    cells = [*a_row(objet="deux\r\nlignes").values()]
    two_lines = ",".join(f'"{each}"' for each in cells)
    escaped = row.replace("Fonctionnement", '\\"Fonctionnement\\"')
    lines = [head, two_lines, f'"{row}', row, escaped, row.replace("58400", '58"400')]
    return Shape("\n".join(lines).encode(), [TAKEN, REFUSED, TAKEN, TAKEN, REFUSED])


def _short_rows() -> Shape:
    row = lines_of(a_row())[0]
    return Shape(
        with_header([*ROW], row.removesuffix(","), "a,b", f"{row},x"), [TAKEN, REFUSED, REFUSED]
    )


SHAPES = {
    "valid": Shape(a_file(a_row(), a_row(montant="0.5")), [TAKEN, TAKEN]),
    "byte order mark": Shape(b"\xef\xbb\xbf" + a_file(a_row()), [TAKEN]),
    "etalab": _etalab(),
    "fork of 40 fields": _fork(),
    "titles for names": _titles(),
    "cp1252, semicolons": Shape(a_file(a_row(), delimiter=";", encoding="cp1252"), [TAKEN]),
    "natures joined by the delimiter": Shape(
        with_header(
            [*ROW],
            ";".join(a_row(nature="aide en nature;aide en numéraire").values()),
            delimiter=";",
        ),
        [REPAIRED],
    ),
    "tabs": Shape(a_file(a_row(), delimiter="\t"), [TAKEN]),
    "spreadsheets": _spreadsheets(),
    "commas without quotation marks": _commas_without_quotes(),
    "words": _words(),
    "encodings": _encodings(),
    "blank rows": _blank_rows(),
    "trailing semicolons": _trailing(),
    "quotation marks": _quotation_marks(),
    "short and long rows": _short_rows(),
    "column twice": Shape(
        with_header([*ROW, "notificationUE"], *lines_of(a_row(x=""), a_row(x="oui"))),
        [TAKEN, REFUSED],
    ),
}
"""Every shape by its name."""

NO_TABLES = {
    "page": b"<!DOCTYPE html>\n<html><body>404</body></html>",
    "page behind blanks": b"\xef\xbb\xbf\n\n  <html>",
    "workbook": b"PK\x03\x04\x14\x00\x06\x00",
    "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1",
    "PDF": b"%PDF-1.7\n",
    "UTF-16": "\ufeff".encode("utf-16-le") + a_file(a_row()).decode().encode("utf-16-le"),
    "JSON": b'{"nomAttribuant": "Lille"}',
    "other table": b"code,libelle,montant\n65748,Autres,1.00\n",
    "empty": b"",
    "blank": b"\n \n",
}
"""Files that are no table of grants."""
