"""Reading of PES_ACQUIT: the gateway's answer to a file, which it accepts or refuses.

Written from the schemas of the DGFiP, version 5.17; the older form, in which an element names
piece, line and error itself, is read as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from events.texts import _
from services.treasury.domain.returned_pieces import ReturnHead
from services.treasury.pes import values
from services.treasury.pes.returned import head_of
from services.treasury.pes.safe_xml import FileRefused, XmlFile
from services.treasury.pes.values import BadValue, Values, values_of

ROOTS: Final = tuple(
    f"{{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/{name}}}PES_ACQUIT"
    for name in ("retour/v2", "retour")
)

PARTS: Final = ("Enveloppe", "EnTetePES", "ElementACQUIT")

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
        self._parts = file.parts(*PARTS)

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
        found = False
        for part in self._parts:
            try:
                yield _answer(part)
            except BadValue as error:
                raise FileRefused(NO_ANSWER.render({"element": error.element})) from error
            found = True
        if not found:
            raise FileRefused(NO_ANSWER.render({"element": "ElementACQUIT"}))


def _answer(part: etree._Element) -> GatewayAnswer:
    found = values_of(part)
    accepted = ACCEPTED.get(values.text(found, "EtatAck"))
    if accepted is None:
        raise BadValue("EtatAck")
    return GatewayAnswer(
        accepted or found.get("DomaineAck") == DOCUMENTS,
        values.number_or_none(found, "NumBord"),
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
    found: Values, piece: str | None = None, line: str | None = None
) -> Iterator[GatewayError]:
    code, label = found.get("NumAnoAck"), values.shown_text(found, "LibelleAnoAck") or None
    if code is not None and label is None:
        label = code.removeprefix(PREFIX).replace("_", " ").lower()
    if label is not None:
        yield GatewayError(code, label, piece, line)
