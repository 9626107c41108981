"""Files of the public accountant, as its programs write them; a test names what it is about."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import quoteattr

RETURN: Final = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour"
ANSWER: Final = f"{RETURN}/v2"
DECLARATION: Final = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'

HEAD: Final = {
    "DteStr": "2023-06-05",
    "IdPost": "059035",
    "IdColl": "21590350100017",
    "CodColl": "123",
    "CodBud": "00",
}


def values(given: Mapping[str, object]) -> str:
    """Elements with their values; those that are None are left out."""
    return "".join(
        f"<{name} V={quoteattr(str(value))}/>" for name, value in given.items() if value is not None
    )


@dataclass(frozen=True)
class Paid:
    """A PaiementEmargement."""

    amount: str
    on: str = "2023-06-02"
    payer: str = "01"

    def xml(self) -> str:
        inner = values({"OrgEma": self.payer, "DtePay": self.on, "MtPay": self.amount})
        return f"<PaiementEmargement>{inner}</PaiementEmargement>"


@dataclass(frozen=True)
class Line:
    """A LigneDePiece; the totals of its payments are given, or left out where they are None."""

    amount: str
    paid: tuple[Paid, ...] = ()
    count: object = "0"
    total: object = "0"
    state: str = "01"
    more: Mapping[str, object] = field(default_factory=dict)

    def xml(self, number: int) -> str:
        given: dict[str, object] = {
            "IdLigne": number,
            "EtatLigPce": self.state,
            "MtHT": self.amount,
        }
        totals = values({"NbrPay": self.count, "MtPayTot": self.total})
        paid = f"<InfoPaiement>{totals}</InfoPaiement>" if totals else ""
        line = f"<InfoLignePiece>{values({**given, **self.more})}</InfoLignePiece>{paid}"
        payments = "".join(each.xml() for each in self.paid)
        return f"<LigneDePiece><BlocLignePiece>{line}</BlocLignePiece>{payments}</LigneDePiece>"


@dataclass(frozen=True)
class Mandat:
    """A Piece; `more` adds elements of InfoPiece or changes them."""

    number: object
    lines: tuple[Line, ...]
    more: Mapping[str, object] = field(default_factory=dict)

    def xml(self) -> str:
        given: dict[str, object] = {"IdPce": self.number, "TypPce": "01", "NatPce": "01"}
        given |= {"DtePcePec": "2023-05-22", "EtatPce": "02"}
        lines = "".join(each.xml(number) for number, each in enumerate(self.lines, 1))
        return f"<Piece><InfoPiece>{values({**given, **self.more})}</InfoPiece>{lines}</Piece>"


def a_slip(*pieces: Mandat, year: object = 2023, number: object = 1, kind: str = "01") -> str:
    """A Bordereau with its pieces."""
    block = values({"Exer": year, "IdBord": number, "TypBord": kind})
    inside = "".join(each.xml() for each in pieces)
    return f"<Bordereau><BlocBordereau>{block}</BlocBordereau>{inside}</Bordereau>"


def a_return(*slips: str, head: Mapping[str, object] = {}, beside: str = "") -> bytes:
    """A PES_Retour of these slips; `beside` are other domains."""
    envelope = values({"Version": "1", "TypFic": "PES2R_DEP", "NomFic": "PES2R_DEP_1"})
    domain = values({"TypRestit": "02", "IdVer": "2", "NatInf": "2"})
    return (
        f'{DECLARATION}<n:PES_Retour xmlns:n="{RETURN}">'
        f"<Enveloppe><Parametres>{envelope}</Parametres></Enveloppe>"
        f"<EnTetePES>{values(HEAD | dict(head))}</EnTetePES>"
        f"<PES_DepenseRetour><EnTeteDepense>{domain}</EnTeteDepense>{''.join(slips)}"
        f"</PES_DepenseRetour>{beside}</n:PES_Retour>"
    ).encode("iso-8859-1", "xmlcharrefreplace")


def an_answer(
    *elements: str, file_name: str, head: Mapping[str, object] = {}, namespace: str = ANSWER
) -> bytes:
    """A PES_ACQUIT of these elements."""
    envelope = values({"Version": "2", "TypFic": "PESACQ", "NomFic": file_name})
    sender = values({"Sigle": "HELIOS", "Adresse": "DGFiP"})
    named = {("CodCol" if name == "CodColl" else name): value for name, value in HEAD.items()}
    return (
        f'{DECLARATION}<n:PES_ACQUIT xmlns:n="{namespace}">'
        f"<Enveloppe><Parametres>{envelope}</Parametres><Emetteur>{sender}</Emetteur></Enveloppe>"
        f"<EnTetePES>{values(named | dict(head))}</EnTetePES>"
        f"<ACQUIT><EnTeteAcquit>{values({'IdVer': 2})}</EnTeteAcquit>{''.join(elements)}</ACQUIT>"
        "</n:PES_ACQUIT>"
    ).encode("iso-8859-1", "xmlcharrefreplace")


def an_element(state: object = 1, inside: str = "", **more: Any) -> str:
    """An ElementACQUIT; of expenditure, where no other domain is given."""
    given = {"DomaineAck": "5", "EtatAck": state} | more
    return f"<ElementACQUIT>{values(given)}{inside}</ElementACQUIT>"


def an_error(code: str | None, label: str | None = None) -> str:
    """An Erreur."""
    return f"<Erreur>{values({'NumAnoAck': code, 'LibelleAnoAck': label})}</Erreur>"


def zipped(content: bytes) -> bytes:
    """A return as a gateway may pack it."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("retour.xml", content)
    return into.getvalue()
