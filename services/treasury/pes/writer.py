"""PES_DepenseAller: a slip as a file for the treasury, in the order of the DGFiP schema 5.17.

Each value stands in an attribute `V`, in ISO-8859-1; only the root is in the namespace. The same
slip and settings give the same bytes: no clock, no chance.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from lxml import etree

from events.outbound import OrderLine, PaymentOrderIssued
from services.treasury.domain.plain_text import cut, is_text, plain
from services.treasury.domain.slips import BudgetName, Original, Piece, Slip, SlipType
from services.treasury.pes.accountant import BudgetConfig, TreasuryConfig
from services.treasury.pes.faults import INVESTMENT, faults
from services.treasury.pes.payee import Payee

__all__ = ["PesFile", "faults", "write"]

SCHEMA: Final = "PES 5.17"
"""The schema that a file is written for; it stands in the file, for there may be newer ones."""

NAMESPACE: Final = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
ENCODING: Final = "ISO-8859-1"
DECLARATION: Final = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n'
"""With double quotes, as every file seen has it; lxml writes single ones."""

ADDRESS_MAX: Final = 38
OBJECT_MAX: Final = 100
DOCUMENTS_MAX: Final = 250
TRANSFER_TEXT_MAX: Final = 70

SIRET: Final = "01"
"""NatIdTiers."""

MANDAT: Final = "01"
"""NatPceOrig: the piece that is taken back is a mandat."""

FRANCE: Final = "0"
ABROAD: Final = "1"
"""CodRes."""


@dataclass(frozen=True, slots=True)
class PesFile:
    """A file with its name."""

    name: str
    content: bytes


def write(slip: Slip, config: TreasuryConfig, program: str) -> PesFile:
    """The file of a slip whose orders have no faults; `program` is its name with its version."""
    budget = config.find_budget(slip.budget)
    assert budget is not None, f"{slip.budget} has no settings"
    assert budget.missing == (), f"{slip.budget} lacks {budget.missing}"
    name = _name(slip, budget)
    stream = BytesIO()
    stream.write(DECLARATION)
    with (
        etree.xmlfile(stream, encoding=ENCODING) as file,
        file.element(f"{{{NAMESPACE}}}PES_Aller", nsmap={"n": NAMESPACE}),
    ):
        file.write("\n  ", _indent(_envelope(name, budget, program), 1))
        file.write("\n  ", _indent(_head(slip, budget), 1), "\n  ")
        with file.element("PES_DepenseAller"):
            file.write("\n    ", _indent(_depense(budget), 2), "\n    ")
            with file.element("Bordereau", _signable(slip, budget)):
                file.write("\n      ", _indent(_slip(slip), 3))
                for piece in slip.pieces:
                    file.write("\n      ", _indent(_piece(piece, slip, config, budget), 3))
                file.write("\n    ")
            file.write("\n  ")
        file.write("\n")
    stream.write(b"\n")
    return PesFile(f"{name}.xml", stream.getvalue())


def _indent(element: "etree._Element", level: int) -> "etree._Element":
    """An element whose children stand on lines of their own, so that people can read the file."""
    etree.indent(element, level=level)
    return element


def _value(parent: "etree._Element", name: str, value: object | None) -> None:
    """Add an element; one without a value is left out: the schema refuses an empty one."""
    if value is not None:
        etree.SubElement(parent, name, {"V": str(value)})


def _text(text: str, length_max: int) -> str | None:
    """An optional text in its plain form, cut at words; None where the schema would refuse it."""
    head = cut(plain(text), length_max)[0]
    return head if is_text(head) else None


def _euros(amount_cents: int) -> str:
    """`1131800.00`."""
    euros, cents = divmod(amount_cents, 100)
    return f"{euros}.{cents:02d}"


def _name(slip: Slip, budget: BudgetConfig) -> str:
    """NomFic: one for each slip, and another for one that corrects it under the same number."""
    of = BudgetName.parse(slip.budget)
    parts = ["PES", of.siret, budget.cod_bud, of.year, slip.slip_type, f"{slip.number:07d}"]
    if slip.correction:
        parts.append(slip.correction)
    return "_".join(map(str, parts))


def _envelope(name: str, budget: BudgetConfig, program: str) -> "etree._Element":
    envelope = etree.Element("Enveloppe")
    parameters = etree.SubElement(envelope, "Parametres")
    _value(parameters, "Version", budget.version)
    _value(parameters, "TypFic", budget.typ_fic)
    _value(parameters, "NomFic", name)
    sender = etree.SubElement(envelope, "Emetteur")
    _value(sender, "Sigle", budget.sigle)
    program = cut(budget.adresse or plain(program), ADDRESS_MAX - len(SCHEMA) - 1)[0]
    _value(sender, "Adresse", f"{program} {SCHEMA}")
    return envelope


def _head(slip: Slip, budget: BudgetConfig) -> "etree._Element":
    head = etree.Element("EnTetePES")
    _value(head, "DteStr", slip.issued_on)
    _value(head, "IdPost", budget.id_post)
    _value(head, "LibellePoste", budget.libelle_poste)
    _value(head, "IdColl", BudgetName.parse(slip.budget).siret)
    _value(head, "CodCol", budget.cod_col)
    _value(head, "CodBud", budget.cod_bud)
    _value(head, "LibelleColBud", budget.libelle_col_bud)
    return head


def _depense(budget: BudgetConfig) -> "etree._Element":
    head = etree.Element("EnTeteDepense")
    _value(head, "IdVer", budget.id_ver)
    _value(head, "InfoDematerialisee", int(budget.info_dematerialisee))
    return head


def _signable(slip: Slip, budget: BudgetConfig) -> Mapping[str, str]:
    """The Id by which a signature refers to the slip: needed only where one follows."""
    if not budget.info_dematerialisee:
        return {}
    return {"Id": f"BORD-{BudgetName.parse(slip.budget).year}-{slip.slip_type}-{slip.number}"}


def _slip(slip: Slip) -> "etree._Element":
    block = etree.Element("BlocBordereau")
    _value(block, "Exer", BudgetName.parse(slip.budget).year)
    _value(block, "IdBord", slip.number)
    _value(block, "DteBordEm", slip.issued_on)
    _value(block, "TypBord", slip.slip_type)
    _value(block, "NbrPce", len(slip.pieces))
    _value(block, "MtCumulAnnuel", _euros(slip.cumulative_cents))
    _value(block, "MtBordHT", _euros(slip.amount_cents))
    return block


def _piece(
    piece: Piece, slip: Slip, config: TreasuryConfig, budget: BudgetConfig
) -> "etree._Element":
    assert any(piece.line_cents), f"piece {piece.number} takes nothing back"
    order = piece.order
    element = etree.Element("Piece")
    _info_piece(element, piece, _kind(slip.slip_type, order, budget), budget)
    payee = _payee(Payee.describe(order, config, budget))
    transfer_text = _text(order.payment_order, TRANSFER_TEXT_MAX)
    for number, (line, amount_cents) in enumerate(
        zip(order.lines, piece.line_cents, strict=True), 1
    ):
        if amount_cents == 0:
            continue  # A line that was paid already: nothing of it is taken back.
        of_line = etree.SubElement(element, "LigneDePiece")
        block = etree.SubElement(of_line, "BlocLignePiece")
        info = _info_line(block, number, line, budget)
        _value(info, "LibVir1", transfer_text)
        _value(info, "ModRegl", budget.mod_regl)
        _value(info, "TVAIntraCom", 0)
        _value(info, "MtHT", _euros(amount_cents))
        if piece.original is not None:
            _original(block, piece.original, number)
        of_line.append(deepcopy(payee))
    return element


def _kind(slip_type: SlipType, order: PaymentOrderIssued, budget: BudgetConfig) -> str:
    if slip_type is SlipType.CANCELLATION:
        return budget.cancelling
    is_investment = order.lines[0].line.article.startswith(INVESTMENT)
    return budget.investment if is_investment else budget.operating


def _info_piece(parent: "etree._Element", piece: Piece, kind: str, budget: BudgetConfig) -> None:
    order = piece.order
    _slip_type, type_of_piece, nature = kind.split("-")
    info = etree.SubElement(etree.SubElement(parent, "BlocPiece"), "InfoPce")
    _value(info, "CodServ", budget.cod_serv)
    _value(info, "Affect", budget.affect)
    _value(info, "IdPce", piece.number)
    _value(info, "TypPce", type_of_piece)
    _value(info, "NatPce", nature)
    _value(info, "Obj", _text(order.title, OBJECT_MAX))
    for each in budget.documents_of(order.convention, order.instalment):
        reference = etree.SubElement(info, "PJRef")
        _value(reference, "Support", each.support)
        _value(reference, "IdUnique", each.id_unique)
        _value(reference, "NomPJ", each.nom_pj)
        _value(reference, "TypePJ", each.type_pj)
    _value(info, "PJ", _documents(order))


def _documents(order: PaymentOrderIssued) -> str | None:
    """`DELIB. 2023/40 DU 12/04/2023, CONV-…`: acts and convention; of many acts, the first ones."""
    parts = [
        " ".join(filter(None, ("DELIB.", each.number, f"DU {each.date:%d/%m/%Y}")))
        for each in order.acts
    ]
    parts.append(order.convention)
    while len(parts) > 1 and len(plain(", ".join(parts))) > DOCUMENTS_MAX:
        del parts[-2]
    return _text(", ".join(parts), DOCUMENTS_MAX)


def _info_line(
    parent: "etree._Element", number: int, line: OrderLine, budget: BudgetConfig
) -> "etree._Element":
    info = etree.SubElement(parent, "InfoLignePce")
    _value(info, "IdLigne", number)
    _value(info, "Nature", line.line.article)
    _value(info, "Fonction", line.line.function if budget.functional else None)
    # Operation is for equipment and internal transfers: the city's own code is analytical.
    _value(info, "CptAna", line.line.operation)
    return info


def _original(parent: "etree._Element", original: Original, number: int) -> None:
    block = etree.SubElement(parent, "RattachPiece")
    _value(block, "NatPceOrig", MANDAT)
    _value(block, "ExerRat", original.year)
    _value(block, "IdPceOrig", original.piece_number)
    _value(block, "IdLigneOrig", number)


def _payee(payee: Payee) -> "etree._Element":
    assert payee.category is not None, f"{payee.siret} has no category"
    element = etree.Element("Tiers")
    info = etree.SubElement(element, "InfoTiers")
    _value(info, "IdTiers", payee.siret)
    _value(info, "NatIdTiers", SIRET)
    _value(info, "RefTiers", payee.ref_tiers)
    _value(info, "CatTiers", payee.category[0])
    _value(info, "NatJur", payee.category[1])
    _value(info, "Civilite", payee.civilite)
    _value(info, "Nom", payee.nom)
    _value(info, "ComplNom", payee.compl_nom)
    _value(info, "Prenom", payee.prenom)
    if payee.adresse is not None:
        address = etree.SubElement(element, "Adresse")
        _value(address, "TypAdr", payee.adresse.typ_adr)
        _value(address, "Adr1", payee.adresse.adr1)
        _value(address, "Adr2", payee.adresse.adr2)
        _value(address, "Adr3", payee.adresse.adr3)
        _value(address, "CP", payee.adresse.cp)
        _value(address, "Ville", payee.adresse.ville)
        _value(address, "CodRes", FRANCE if payee.adresse.cod_pays is None else ABROAD)
        _value(address, "CodPays", payee.adresse.cod_pays)
    account = etree.SubElement(element, "CpteBancaire")
    _value(account, "BIC", payee.bic)
    _value(account, "IBAN", payee.iban)
    _value(account, "TitCpte", payee.tit_cpte)
    return element
