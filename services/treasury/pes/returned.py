"""Reading of PES_Retour: what the accountant did with pieces, one after the other.

Written from the schemas of the DGFiP, version 5.17. Other domains (recette, client) stand beside
expenditure and are passed over.
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from events.texts import _
from services.treasury.domain.returned_pieces import (
    Disbursement,
    Reason,
    ReturnedLine,
    ReturnedPiece,
    ReturnHead,
    SlipReference,
    UnreadPiece,
)
from services.treasury.pes import values
from services.treasury.pes.safe_xml import FileRefused, XmlFile
from services.treasury.pes.values import BadValue, Values, values_of

ROOT: Final = "{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour}PES_Retour"

EXPENDITURE: Final = "PES_DepenseRetour"

PARTS: Final = ("EnTetePES", "BlocBordereau", "Piece", "Client")
"""Elements that are read or passed over one by one: a `Client` is of another domain."""

CODES_MAX: Final = 100
COMMENT_MAX: Final = 400

NO_HEAD: Final = _("its head has no {element}, or one that cannot be read")


class ReturnReader:
    """A return: its head first, then its pieces.

    Raises:
        FileRefused: from either, where the file is not whole, or its head cannot be read.
    """

    def __init__(self, file: XmlFile) -> None:
        self._parts = file.parts(*PARTS)

    def head(self) -> ReturnHead:
        """The head: it stands before all pieces."""
        part = next(self._parts, None)
        if part is None or part.tag != "EnTetePES":
            raise FileRefused(NO_HEAD.render({"element": "EnTetePES"}))
        return head_of(part)

    def pieces(self) -> Iterator[ReturnedPiece | UnreadPiece | None]:
        """The pieces of expenditure, in the order of the file; None for what is passed over."""
        slip: SlipReference | None = None
        for part in self._parts:
            if part.tag == "BlocBordereau":
                slip = _slip(values_of(part))
            elif part.tag == "Piece" and _is_expenditure(part):
                yield _piece(part, slip)
            else:
                yield None


def head_of(part: etree._Element) -> ReturnHead:
    """The head of a return, or of the gateway's answer (EnTetePES).

    Raises:
        FileRefused: something of it is missing.
    """
    found = values_of(part)
    # In PES_Aller, and so in the gateway's answer, the element has one l.
    entity = "CodColl" if "CodColl" in found else "CodCol"
    try:
        return ReturnHead(
            values.text(found, "IdPost"),
            values.text(found, entity),
            values.text(found, "CodBud"),
            values.day(found, "DteStr"),
            found.get("IdColl"),
        )
    except BadValue as error:
        raise FileRefused(NO_HEAD.render({"element": error.element})) from error


def _is_expenditure(piece: etree._Element) -> bool:
    slip = piece.getparent()
    domain = None if slip is None else slip.getparent()
    return domain is not None and domain.tag == EXPENDITURE


def _slip(found: Values) -> SlipReference | None:
    try:
        return SlipReference(
            values.number(found, "Exer"),
            values.text(found, "TypBord"),
            values.number_or_none(found, "IdBord"),
        )
    except BadValue:
        return None


def _piece(part: etree._Element, slip: SlipReference | None) -> ReturnedPiece | UnreadPiece:
    found = values_of(part.find("InfoPiece"))
    if slip is None:
        return UnreadPiece(slip, values.shown_text(found, "IdPce")[:13], "BlocBordereau")
    try:
        return ReturnedPiece(
            slip,
            values.number_or_none(found, "IdPce"),
            values.text(found, "TypPce"),
            values.text(found, "EtatPce"),
            tuple(map(_line, part.iterchildren("LigneDePiece"))),
            _reason(found),
            values.day_or_none(found, "DtePceInst"),
            values.day_or_none(found, "DtePcePec"),
            values.day_or_none(found, "DtePceRej"),
        )
    except BadValue as error:
        return UnreadPiece(slip, values.shown_text(found, "IdPce")[:13], error.element)


def _reason(found: Values) -> Reason:
    codes = found.get("ObsEtat", "")
    if len(codes) > CODES_MAX or values.UNPRINTED_CHARACTER.search(codes):
        raise BadValue("ObsEtat")
    return Reason(codes, values.shown_text(found, "Commentaire")[:COMMENT_MAX])


def _line(part: etree._Element) -> ReturnedLine:
    found = values_of(part.find("BlocLignePiece/InfoLignePiece"))
    paid = values_of(part.find("BlocLignePiece/InfoPaiement"))
    return ReturnedLine(
        values.number(found, "IdLigne"),
        found.get("EtatLigPce", ""),
        values.cents(found, "MtHT"),
        tuple(_disbursement(values_of(each)) for each in part.iterchildren("PaiementEmargement")),
        values.number_or_none(paid, "NbrPay"),
        values.cents_or_none(paid, "MtPayTot"),
    )


def _disbursement(found: Values) -> Disbursement:
    return Disbursement(
        values.text(found, "OrgEma"), values.day(found, "DtePay"), values.cents(found, "MtPay")
    )
