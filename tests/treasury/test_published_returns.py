"""Published files of the accountant, and those of tests, have the structure of their schemas.

Written from the public schemas (DGFiP 5.17), whose text is not in this repository.
"""

from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from tests.treasury.pes_rules import (
    DATE,
    MONEY,
    SENDER,
    Element,
    envelope,
    head,
    maybe,
    number,
    one,
    shape,
    some,
    text,
)
from tests.treasury.return_files import (
    ANSWER,
    RETURN,
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
    an_error,
)

EXAMPLES: Final = Path(__file__).parents[2] / "schemas" / "examples" / "returns"

ERROR: Final = some(
    "Erreur", (maybe("NumAnoAck", "ERREUR_[A-Z_]+"), one("LibelleAnoAck", text(500))), least=0
)
ANSWERED: Final = (
    one("DomaineAck", "[0-9]"),
    one("EtatAck", "[01]"),
    maybe("NumBord", number(7)),
    maybe("ExerciceBord", "[0-9]{4}"),
    maybe("IdMarche", text(25)),
    maybe("IdUnique", text(50)),
    ERROR,
    some(
        "DetailPiece",
        (
            one("NumPiece", number(13)),
            ERROR,
            some("DetailLigne", (one("NumLigne", number(6)), ERROR), least=0),
        ),
        least=0,
    ),
)
ACQUIT: Final = (
    envelope("2", SENDER),
    head("CodCol"),
    one("ACQUIT", (one("EnTeteAcquit", (one("IdVer", "2"),)), some("ElementACQUIT", ANSWERED))),
)

PIECE: Final = (
    maybe("CodServ", text(10)),
    one("IdPce", number(13)),
    one("TypPce", "0[1-9]|1[0-4]"),
    one("NatPce", "0[1-9]|1[0-8]"),
    maybe("Obj", text(160)),
    maybe("DtePcePec", DATE),
    one("EtatPce", "0[1-5]"),
    maybe("ObsEtat", "[0-9-]*"),
    maybe("Commentaire", text(400)),
    maybe("DtePceRej", DATE),
    maybe("DtePceInst", DATE),
)
LINE: Final = (
    one("IdLigne", number(6)),
    one("EtatLigPce", "0[1-9]|1[0-6]"),
    maybe("ObsEtat", "[0-9-]*"),
    maybe("Commentaire", text(400)),
    one("MtHT", "-?" + MONEY),
)
PAID_LINE: Final = (
    one(
        "BlocLignePiece",
        (
            one("InfoLignePiece", LINE),
            maybe("InfoPaiement", (one("NbrPay", "[0-9]+"), one("MtPayTot", MONEY))),
        ),
    ),
    some(
        "PaiementEmargement",
        (one("OrgEma", "0[1-9]|1[0-5]"), one("DtePay", DATE), one("MtPay", "-?" + MONEY)),
        least=0,
    ),
)
SLIP: Final = (
    one(
        "BlocBordereau",
        (one("Exer", "[0-9]{4}"), one("IdBord", number(7)), one("TypBord", "0[1-4]")),
    ),
    some("Piece", (one("InfoPiece", PIECE), some("LigneDePiece", PAID_LINE))),
)
TO_RETURN: Final = (
    envelope("1", SENDER._replace(least=0)),
    head("CodColl"),
    one(
        "PES_DepenseRetour",
        (
            one(
                "EnTeteDepense", (one("TypRestit", "0[12]"), one("IdVer", "2"), one("NatInf", "2"))
            ),
            some("Bordereau", SLIP),
        ),
    ),
)

ROOTS: Final[dict[str, tuple[Element, ...]]] = {
    f"{{{ANSWER}}}PES_ACQUIT": ACQUIT,
    f"{{{RETURN}}}PES_Retour": TO_RETURN,
}

REFUSED: Final = an_answer(
    an_element(0, an_error("ERREUR_SIRET", "SIRET inconnu"), NumBord=1, ExerciceBord=2023),
    file_name="PES_1",
)
PAID: Final = a_return(a_slip(Mandat(1, (Line("1.00", (Paid("1.00"),), count=1, total="1.00"),))))
FILES: Final = {each.name: each.read_bytes() for each in EXAMPLES.iterdir()} | {
    "refused": REFUSED,
    "paid": PAID,
}


def broken(content: bytes) -> list[str]:
    root = etree.fromstring(content)
    return list(shape(root, ROOTS[str(root.tag)], "file"))


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_structure_of_its_schema(name: str) -> None:
    assert [] == broken(FILES[name])


def test_both_kinds_are_published() -> None:
    assert {"acquit.xml", "return.xml"} == {each.name for each in EXAMPLES.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_without_one_of_its_elements_it_has_not(name: str) -> None:
    free = {"NumBord", "ExerciceBord", "NumAnoAck", "DtePcePec", "Erreur", "InfoPaiement"}
    free |= {"PaiementEmargement"}
    root = etree.fromstring(FILES[name])
    count = sum(1 for _ in root.iter())
    kept = []
    for place in range(1, count):
        root = etree.fromstring(FILES[name])
        element = list(root.iter())[place]
        parent = element.getparent()
        assert parent is not None
        is_one_of_several = len(parent.findall(str(element.tag))) > 1
        parent.remove(element)
        if element.tag not in free and not is_one_of_several and not broken(etree.tostring(root)):
            kept.append(element.tag)
    assert [] == kept
