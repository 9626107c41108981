"""Reading of what comes back: PES_Retour, piece by piece, and the gateway's PES_ACQUIT.

Written from the schemas of the DGFiP, version 5.17. Other domains (recette, client) stand beside
expenditure and are passed over. Of an answer the older form, in which an element names piece, line
and error itself, is read as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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

RETURN_ROOT: Final = "{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour}PES_Retour"

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
    fields = values_of(part)
    # In PES_Aller, and so in the gateway's answer, the element has one l.
    entity = "CodColl" if "CodColl" in fields else "CodCol"
    try:
        return ReturnHead(
            values.text(fields, "IdPost"),
            values.text(fields, entity),
            values.text(fields, "CodBud"),
            values.day(fields, "DteStr"),
            fields.get("IdColl"),
        )
    except BadValue as error:
        raise FileRefused(NO_HEAD.render({"element": error.element})) from error


def _is_expenditure(piece: etree._Element) -> bool:
    slip = piece.getparent()
    domain = None if slip is None else slip.getparent()
    return domain is not None and domain.tag == EXPENDITURE


def _slip(fields: Values) -> SlipReference | None:
    try:
        return SlipReference(
            values.number(fields, "Exer"),
            values.text(fields, "TypBord"),
            values.number_or_none(fields, "IdBord"),
        )
    except BadValue:
        return None


def _piece(part: etree._Element, slip: SlipReference | None) -> ReturnedPiece | UnreadPiece:
    fields = values_of(part.find("InfoPiece"))
    if slip is None:
        return UnreadPiece(slip, values.clean_text(fields, "IdPce")[:13], "BlocBordereau")
    try:
        return ReturnedPiece(
            slip,
            values.number_or_none(fields, "IdPce"),
            values.text(fields, "TypPce"),
            values.text(fields, "EtatPce"),
            tuple(map(_line, part.iterchildren("LigneDePiece"))),
            _reason(fields),
            values.day_or_none(fields, "DtePceInst"),
            values.day_or_none(fields, "DtePcePec"),
            values.day_or_none(fields, "DtePceRej"),
        )
    except BadValue as error:
        return UnreadPiece(slip, values.clean_text(fields, "IdPce")[:13], error.element)


def _reason(fields: Values) -> Reason:
    codes = fields.get("ObsEtat", "")
    if len(codes) > CODES_MAX or values.UNPRINTED_CHARACTER.search(codes):
        raise BadValue("ObsEtat")
    return Reason(codes, values.clean_text(fields, "Commentaire")[:COMMENT_MAX])


def _line(part: etree._Element) -> ReturnedLine:
    fields = values_of(part.find("BlocLignePiece/InfoLignePiece"))
    paid = values_of(part.find("BlocLignePiece/InfoPaiement"))
    return ReturnedLine(
        values.number(fields, "IdLigne"),
        fields.get("EtatLigPce", ""),
        values.cents(fields, "MtHT"),
        tuple(_disbursement(values_of(each)) for each in part.iterchildren("PaiementEmargement")),
        values.number_or_none(paid, "NbrPay"),
        values.cents_or_none(paid, "MtPayTot"),
    )


def _disbursement(fields: Values) -> Disbursement:
    return Disbursement(
        values.text(fields, "OrgEma"), values.day(fields, "DtePay"), values.cents(fields, "MtPay")
    )


ANSWER_ROOTS: Final = tuple(
    f"{{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/{name}}}PES_ACQUIT"
    for name in ("retour/v2", "retour")
)

ANSWER_PARTS: Final = ("Enveloppe", "EnTetePES", "ElementACQUIT")

ACCEPTED: Final = {"1": True, "true": True, "0": False, "false": False}

DOCUMENTS: Final = "4"
"""DomaineAck of supporting documents: one that is refused does not refuse the slip."""

PREFIX: Final = "ERREUR_"

NO_NAME: Final = _("it does not name the file that it answers (NomFic)")
NO_ANSWER: Final = _("it answers nothing: {element} is missing, or cannot be read")


@dataclass(frozen=True, slots=True)
class GatewayError:
    """A fault that the gateway found."""

    code: str | None
    """NumAnoAck."""
    label: str
    """Its words (LibelleAnoAck), else those of the code."""
    piece: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """The answer to a slip, or to the whole file (ElementACQUIT)."""

    accepted: bool
    slip_number: int | None
    """None: the whole file."""
    errors: tuple[GatewayError, ...]


class AcquitReader:
    """An answer of the gateway: the file that it answers and its head first, then its elements.

    Raises:
        FileRefused: from any method, where the file is not whole, or cannot be read.
    """

    def __init__(self, file: XmlFile) -> None:
        self._parts = file.parts(*ANSWER_PARTS)

    def head(self) -> tuple[str, ReturnHead]:
        """The name of the file that is answered (NomFic), and the head."""
        envelope = next(self._parts, None)
        named = None if envelope is None else envelope.find("Parametres")
        file_name = values_of(named).get("NomFic")
        if file_name is None:
            raise FileRefused(NO_NAME)
        head = next(self._parts, None)
        if head is None or head.tag != "EnTetePES":
            raise FileRefused(NO_ANSWER.render({"element": "EnTetePES"}))
        return file_name, head_of(head)

    def answers(self) -> Iterator[GatewayAnswer]:
        """The answers, at least one."""
        fields = False
        for part in self._parts:
            try:
                yield _answer(part)
            except BadValue as error:
                raise FileRefused(NO_ANSWER.render({"element": error.element})) from error
            fields = True
        if not fields:
            raise FileRefused(NO_ANSWER.render({"element": "ElementACQUIT"}))


def _answer(part: etree._Element) -> GatewayAnswer:
    fields = values_of(part)
    accepted = ACCEPTED.get(values.text(fields, "EtatAck"))
    if accepted is None:
        raise BadValue("EtatAck")
    return GatewayAnswer(
        accepted or fields.get("DomaineAck") == DOCUMENTS,
        values.number_or_none(fields, "NumBord"),
        tuple(_errors(part)),
    )


def _errors(part: etree._Element) -> Iterator[GatewayError]:
    """The errors of an element: its own, those of its pieces and of their lines."""
    flat = values_of(part)
    yield from _error(flat, flat.get("NumPiece"), flat.get("NumLigne"))
    for each in part.iterchildren("Erreur"):
        yield from _error(values_of(each))
    for piece in part.iterchildren("DetailPiece"):
        number = values_of(piece).get("NumPiece")
        for each in piece.iterchildren("Erreur"):
            yield from _error(values_of(each), number)
        for line in piece.iterchildren("DetailLigne"):
            for each in line.iterchildren("Erreur"):
                yield from _error(values_of(each), number, values_of(line).get("NumLigne"))


def _error(
    fields: Values, piece: str | None = None, line: str | None = None
) -> Iterator[GatewayError]:
    code, label = fields.get("NumAnoAck"), values.clean_text(fields, "LibelleAnoAck") or None
    if code is not None and label is None:
        label = code.removeprefix(PREFIX).replace("_", " ").lower()
    if label is not None:
        yield GatewayError(code, label, piece, line)
