"""Rules of a PES_DepenseAller file, written from the public schemas (DGFiP 5.17): a checker.

It shares no code with the writer. Names, order, cardinality and values of the schema itself stand
in `SCHEMA`; behind it the rules that the gateway checks beside it: sums, counts, kinds, accounts.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from lxml import etree

NAMESPACE = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
DECLARATION = b'<?xml version="1.0" encoding="ISO-8859-1"?>'

DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
MONEY = r"[0-9]{1,12}\.[0-9]{2}"
BOOLEAN = r"[01]|true|false"


def number(digits: int) -> str:
    """A number of at most so many digits, above zero."""
    return rf"(?!0+$)[0-9]{{1,{digits}}}"


def text(length: int) -> str:
    """A text of at most so many characters: one at least is no zero; no `nc`, blank or point."""
    return rf"(?!0+$)(?!nc$)(?![ .]$)[^\x00-\x1f\x7f-\x9f]{{1,{length}}}"


class Element(NamedTuple):
    """A child: its name, how often it may stand, and its value's pattern or its own children."""

    name: str
    least: int
    most: int | None
    of: "str | tuple[Element, ...]"


def one(name: str, of: "str | tuple[Element, ...]") -> Element:
    return Element(name, 1, 1, of)


def maybe(name: str, of: "str | tuple[Element, ...]") -> Element:
    return Element(name, 0, 1, of)


def some(name: str, of: "str | tuple[Element, ...]", least: int = 1) -> Element:
    return Element(name, least, None, of)


DOCUMENT = (
    one("Support", "0[123]"),
    one("IdUnique", r"(?!0+$)(?!nc$)[0-9a-zA-Z]{1,50}"),
    maybe("NomPJ", text(100)),
    maybe("TypePJ", "00[1-9]|01[0-3]"),
)
PIECE = (
    maybe("CodServ", text(10)),
    maybe("Affect", text(10)),
    one("IdPce", number(8)),
    one("TypPce", "0[1-9]|1[0-3]"),
    one("NatPce", "0[1-9]|1[0-4]|18"),
    maybe("Obj", text(100)),
    some("PJRef", DOCUMENT, least=0),
    maybe("PJ", text(250)),
)
LINE = (
    one("IdLigne", number(6)),
    one("Nature", number(12)),
    maybe("Fonction", "[0-9]{1,10}"),
    maybe("CptAna", r"(?!0+$)(?!nc$)[0-9a-zA-Z]{1,10}"),
    maybe("LibVir1", text(70)),
    maybe("LibVir2", text(70)),
    maybe("ModRegl", "0[1-9]|1[01]"),
    one("TVAIntraCom", "0"),
    one("MtHT", MONEY),
)
ORIGINAL = (
    one("NatPceOrig", "0[1-5]"),
    one("ExerRat", "[0-9]{4}"),
    one("IdPceOrig", number(13)),
    maybe("IdLigneOrig", "[0-9]{1,6}"),
)
PARTY = (
    maybe("IdTiers", "[0-9]{14}"),
    maybe("NatIdTiers", "01"),
    maybe("RefTiers", text(30)),
    one("CatTiers", "01|2[0-9]|50|6[0-5]|7[0-4]"),
    one("NatJur", "0[1-9]|1[01]"),
    maybe("Civilite", text(10)),
    one("Nom", text(38)),
    maybe("ComplNom", text(38)),
    maybe("Prenom", text(38)),
)
ADDRESS = (
    one("TypAdr", "[012]"),
    maybe("Adr1", text(38)),
    one("Adr2", text(38)),
    maybe("Adr3", text(38)),
    one("CP", "[0-9]{5}"),
    one("Ville", text(38)),
    one("CodRes", BOOLEAN),
    maybe("CodPays", number(3)),
)
ACCOUNT = (
    maybe("BIC", "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?"),
    one("IBAN", "[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}"),
    one("TitCpte", text(32)),
)
PARTY_BLOCK = (one("InfoTiers", PARTY), maybe("Adresse", ADDRESS), maybe("CpteBancaire", ACCOUNT))
SLIP = (
    one(
        "BlocBordereau",
        (
            one("Exer", "[0-9]{4}"),
            one("IdBord", number(7)),
            one("DteBordEm", DATE),
            one("TypBord", "0[123]"),
            one("NbrPce", number(5)),
            maybe("MtCumulAnnuel", r"(?!0+\.00$)" + MONEY),
            one("MtBordHT", MONEY),
        ),
    ),
    some(
        "Piece",
        (
            one("BlocPiece", (one("InfoPce", PIECE),)),
            some(
                "LigneDePiece",
                (
                    one(
                        "BlocLignePiece",
                        (one("InfoLignePce", LINE), maybe("RattachPiece", ORIGINAL)),
                    ),
                    maybe("Tiers", PARTY_BLOCK),
                ),
            ),
        ),
    ),
)
SENDER = one("Emetteur", (one("Sigle", text(32)), one("Adresse", text(38))))


def envelope(version: str, sender: Element) -> Element:
    """The envelope of any PES file."""
    parameters = (one("Version", version), one("TypFic", text(32)), one("NomFic", text(100)))
    return one("Enveloppe", (one("Parametres", parameters), sender))


def head(collectivity: str) -> Element:
    """The head of any PES file; the collectivity's code has two names."""
    return one(
        "EnTetePES",
        (
            one("DteStr", DATE),
            one("IdPost", "(?!0+$)(02[AB][0-9]{3,4}|[0-9]{6,7})"),
            maybe("LibellePoste", text(38)),
            one("IdColl", "[0-9]{14}"),
            one(collectivity, "(?!000)[0-9]{3}"),
            one("CodBud", "[0-9A-Z][0-9]"),
            maybe("LibelleColBud", text(38)),
        ),
    )


SCHEMA = (
    envelope("2", SENDER),
    head("CodCol"),
    one(
        "PES_DepenseAller",
        (
            one("EnTeteDepense", (one("IdVer", "2"), maybe("InfoDematerialisee", BOOLEAN))),
            one("Bordereau", SLIP),  # The schema takes several: here one slip is one file.
        ),
    ),
)

KINDS = {("01", "01", "01"), ("01", "01", "02"), ("02", "02", "06")}
"""TypBord, TypPce and NatPce of grants: the whole grid is not public."""

SECTIONS = {"01": "6", "02": "2"}
"""NatPce of an ordinary piece, and the first digit of its articles."""

NOT_PAID_TO_AN_ACCOUNT = {"01", "02", "04", "07", "08", "09", "11"}


def broken(content: bytes, *, is_functional: bool = True) -> list[str]:
    """The rules that a file breaks, each in a sentence; empty where it keeps all."""
    if not content.startswith(DECLARATION):
        return ["the declaration says ISO-8859-1, in double quotes"]
    if any(0x80 <= byte < 0xA0 for byte in content):
        return ["no byte is a control character of ISO-8859-1: it would be another encoding"]
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.doctype:
        return ["there is no DOCTYPE"]
    if root.tag != f"{{{NAMESPACE}}}PES_Aller" or root.prefix != "n":
        return ["the root is n:PES_Aller in the namespace of the Aller"]
    if not set(root.attrib) <= {"Id"} or root.nsmap != {"n": NAMESPACE}:
        return ["the root has at most an Id, and one namespace"]
    found = [*shape(root, SCHEMA, "PES_Aller")]
    # Sums of what is not there, or is no amount, say nothing.
    return found or [*_beside_the_schema(root, is_functional=is_functional)]


def shape(parent: etree._Element, children: tuple[Element, ...], path: str) -> Iterator[str]:
    """Each rule of an element's children that it breaks, in a sentence."""
    if (parent.text or "").strip() or any((each.tail or "").strip() for each in parent):
        yield f"{path}: text between elements"
    place = list(parent)
    for rule in children:
        here = f"{path}/{rule.name}"
        count = 0
        while place and place[0].tag == rule.name:
            count += 1
            yield from _element(place.pop(0), rule, here)
        if count < rule.least or (rule.most is not None and count > rule.most):
            yield f"{here}: stands {count} times, or elsewhere than in its order"
    yield from (f"{path}: {each.tag!r} does not belong here" for each in place)


def _element(element: etree._Element, rule: Element, path: str) -> Iterator[str]:
    if isinstance(rule.of, tuple):
        allowed = {"Id"} if rule.name == "Bordereau" else set()
        if not set(element.attrib) <= allowed:
            yield f"{path}: attributes {dict(element.attrib)}"
        yield from shape(element, rule.of, path)
        return
    if set(element.attrib) != {"V"} or len(element) or element.text:
        yield f"{path}: exactly an attribute V"
    elif re.fullmatch(rule.of, element.attrib["V"]) is None:
        yield f"{path}: {element.attrib['V']!r} is not {rule.of}"


def _beside_the_schema(root: etree._Element, *, is_functional: bool) -> Iterator[str]:
    slip = root.find("PES_DepenseAller/Bordereau")
    assert slip is not None
    pieces = slip.findall("Piece")
    amounts = [Decimal(each) for each in _values(slip, "Piece//MtHT")]
    (total,) = _values(slip, "BlocBordereau/MtBordHT")
    if sum(amounts) != Decimal(total):
        yield f"MtBordHT {total} is the sum of the lines"
    if len(total.replace(".", "").lstrip("0")) > 14:
        yield "an amount has at most 14 digits"
    (cumulative,) = _values(slip, "BlocBordereau/MtCumulAnnuel") or ("0.00",)
    if Decimal(cumulative) < Decimal(total):
        yield "MtCumulAnnuel has this slip in it"
    if [str(len(pieces))] != _values(slip, "BlocBordereau/NbrPce"):
        yield "NbrPce is the number of pieces"
    numbers = _values(slip, "Piece/BlocPiece/InfoPce/IdPce")
    if len(set(numbers)) != len(numbers):
        yield "a piece has a number of its own"
    if "1" in _values(root, ".//InfoDematerialisee") and slip.get("Id") is None:
        yield "a slip that is signed has an Id"
    if slip.get("Id") is not None and re.fullmatch(r"[A-Za-z_][\w.-]*", slip.get("Id", "")) is None:
        yield "an Id is a name of XML"
    (slip_type,) = _values(slip, "BlocBordereau/TypBord")
    (year,) = _values(slip, "BlocBordereau/Exer")
    for piece in pieces:
        yield from _piece(piece, slip_type, year)
        for line in piece.findall("LigneDePiece"):
            yield from _line(line, slip_type, year, is_functional=is_functional)


def _piece(piece: etree._Element, slip_type: str, year: str) -> Iterator[str]:
    info = "BlocPiece/InfoPce/"
    (type_of_piece,), (nature,) = _values(piece, info + "TypPce"), _values(piece, info + "NatPce")
    if (slip_type, type_of_piece, nature) not in KINDS:
        yield f"{slip_type}-{type_of_piece}-{nature} is no known kind of piece"
    articles = {each[0] for each in _values(piece, "LigneDePiece//Nature")}
    if slip_type == "01" and articles != {SECTIONS.get(nature)}:
        yield f"NatPce {nature} is the section of the articles {articles}"
    lines = _values(piece, "LigneDePiece//IdLigne")
    if lines != sorted(set(lines), key=int):
        yield "lines are numbered upwards"
    if slip_type == "01" and lines != [str(each + 1) for each in range(len(lines))]:
        yield "lines are numbered from 1"


def _line(line: etree._Element, slip_type: str, year: str, *, is_functional: bool) -> Iterator[str]:
    if is_functional != bool(_values(line, ".//Fonction")):
        yield "a line has a Fonction where the nomenclature is functional, and only there"
    way = _values(line, ".//ModRegl")
    has_account = bool(line.findall("Tiers/CpteBancaire"))
    if way in (["03"], ["05"]) and not has_account:
        yield "a transfer has an account"
    if NOT_PAID_TO_AN_ACCOUNT.intersection(way) and has_account:
        yield "what is not paid to an account has none"
    yield from _party(line)
    original = line.findall("BlocLignePiece/RattachPiece")
    if (slip_type == "02") != bool(original):
        yield "a piece that takes another back names it, and no other does"
    for each in original:
        if _values(each, "NatPceOrig") != ["01"]:
            yield "NatPceOrig 01: what is taken back is a mandat"
        if _values(each, "ExerRat") != [year]:
            yield "ExerRat is the year of the slip"
        if _values(each, "IdLigneOrig") != _values(line, ".//IdLigne"):
            yield "IdLigneOrig is the line that is taken back"


def _party(line: etree._Element) -> Iterator[str]:
    is_a_person = _values(line, ".//CatTiers") == ["01"]
    for name in ("Civilite", "Prenom"):
        if is_a_person != bool(_values(line, f".//{name}")):
            yield f"{name} stands for a natural person, and only there"
    if bool(_values(line, ".//IdTiers")) != bool(_values(line, ".//NatIdTiers")):
        yield "IdTiers and NatIdTiers stand together"
    siret = "".join(_values(line, ".//IdTiers"))
    if siret and not _luhn(siret):
        yield "the key of the SIRET is right"
    iban = "".join(_values(line, ".//IBAN"))
    if iban and _mod_97(iban) != 1:
        yield "the key of the IBAN is right"
    if iban and not iban.startswith("FR") and not _values(line, ".//BIC"):
        yield "an account abroad has its BIC"
    abroad, country = _values(line, ".//CodRes"), _values(line, ".//CodPays")
    if (abroad in (["1"], ["true"])) != bool(country):
        yield "CodPays stands where CodRes says abroad"


def _values(element: etree._Element, path: str) -> list[str]:
    return [each.get("V", "") for each in element.iterfind(path)]


def _luhn(digits: str) -> bool:
    doubled = (int(each) * (1 + index % 2) for index, each in enumerate(reversed(digits)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _mod_97(iban: str) -> int:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97
