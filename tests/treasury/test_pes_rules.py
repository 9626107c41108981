"""The checker of files: a golden file that is edited anywhere breaks a rule of it."""

import re
from collections.abc import Callable, Iterator

import pytest
from lxml import etree

from tests.treasury.pes_rules import DECLARATION, broken
from tests.treasury.pes_slips import CASES
from tests.treasury.test_golden_files import GOLDEN

FILES = {name: (GOLDEN / f"{name}.xml").read_bytes() for name in CASES}
FUNCTIONAL = {name: case().is_functional for name, case in CASES.items()}

OPTIONAL = {
    "LibellePoste", "LibelleColBud", "InfoDematerialisee", "MtCumulAnnuel", "CodServ", "Affect",
    "Obj", "PJRef", "NomPJ", "TypePJ", "PJ", "CptAna", "LibVir1", "ModRegl", "RefTiers",
    "ComplNom", "Adresse", "Adr1", "Adr3", "BIC",
}  # fmt: skip
"""What a file may do without; the golden files hold it all the same."""


def edited(root: etree._Element) -> bytes:
    return DECLARATION + etree.tostring(root, encoding="iso-8859-1").split(b"?>", 1)[1]


def kind(element: etree._Element) -> str:
    """Where an element stands, whichever of several it is."""
    return re.sub(r"\[\d+\]", "", element.getroottree().getpath(element))


def edits(change: Callable[[etree._Element], Iterator[str]]) -> Iterator[tuple[str, list[str]]]:
    """Each edit that `change` makes of each file, one after the other, and the rules it breaks."""
    for name, content in FILES.items():
        elements = etree.fromstring(content).iter()
        last = {kind(element): place for place, element in enumerate(elements)}
        for place in last.values():
            root = etree.fromstring(content)
            element = list(root.iter())[place]
            for what in change(element):
                yield f"{name}: {what}", broken(edited(root), is_functional=FUNCTIONAL[name])


def test_an_edited_file_without_an_edit_keeps_every_rule() -> None:
    def nothing(element: etree._Element) -> Iterator[str]:
        yield str(element.tag)

    assert not [what for what, rules in edits(nothing) if rules]


def removed(element: etree._Element) -> Iterator[str]:
    parent = element.getparent()
    if parent is not None and element.tag not in OPTIONAL:
        # One of several: the others of its name stay.
        others = len(parent.findall(str(element.tag))) - 1
        parent.remove(element)
        yield f"{element.tag!r} removed" if not others else f"one {element.tag!r} removed"


def swapped(element: etree._Element) -> Iterator[str]:
    following = element.getnext()
    if following is not None and following.tag != element.tag:
        element.addprevious(following)
        yield f"{following.tag!r} before {element.tag!r}"


def doubled(element: etree._Element) -> Iterator[str]:
    if element.getparent() is not None and element.tag != "PJRef":
        element.addnext(etree.fromstring(etree.tostring(element)))
        yield f"{element.tag!r} twice"


def emptied(element: etree._Element) -> Iterator[str]:
    if "V" in element.attrib:
        element.set("V", "")
        yield f"{element.tag!r} empty"


def lengthened(element: etree._Element) -> Iterator[str]:
    if "V" in element.attrib and element.tag not in {"Fonction", "IdLigneOrig"}:
        element.set("V", element.attrib["V"] + "9" * 260)
        yield f"{element.tag!r} long"


def in_text(element: etree._Element) -> Iterator[str]:
    if "V" in element.attrib:
        element.text = element.attrib.pop("V")
        yield f"{element.tag!r} as text"


def in_namespace(element: etree._Element) -> Iterator[str]:
    if element.getparent() is not None:
        element.tag = f"{{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller}}{element.tag!s}"
        yield f"{element.tag!r} with a prefix"


@pytest.mark.parametrize(
    "change", [removed, swapped, doubled, emptied, lengthened, in_text, in_namespace]
)
def test_a_file_that_is_edited_anywhere_breaks_a_rule(
    change: Callable[[etree._Element], Iterator[str]],
) -> None:
    found = list(edits(change))
    assert len(found) > 50
    assert [] == [what for what, rules in found if not rules]


VALUES = [
    ("lille-avenirs-advance", "MtBordHT", "1131800.01"),
    ("lille-avenirs-advance", "MtCumulAnnuel", "1131799.99"),
    ("lille-avenirs-advance", "MtCumulAnnuel", "0.00"),
    ("lille-avenirs-advance", "MtHT", "677800"),
    ("lille-avenirs-advance", "MtHT", "677799.99"),
    ("lille-avenirs-advance", "NbrPce", "2"),
    ("lille-avenirs-advance", "TypBord", "02"),
    ("lille-avenirs-advance", "TypBord", "1"),
    ("lille-avenirs-advance", "TypPce", "02"),
    ("lille-avenirs-advance", "NatPce", "02"),
    ("lille-avenirs-advance", "NatPce", "08"),
    ("lille-avenirs-advance", "IdLigne", "2"),
    ("lille-avenirs-advance", "Nature", "6574A"),
    ("lille-avenirs-advance", "Nature", "20422"),
    ("lille-avenirs-advance", "CptAna", "0"),
    ("lille-avenirs-advance", "CptAna", "nc"),
    ("lille-avenirs-advance", "ModRegl", "08"),
    ("lille-avenirs-advance", "ModRegl", "3"),
    ("lille-avenirs-advance", "TVAIntraCom", "1"),
    ("lille-avenirs-advance", "IdColl", "2159035010001"),
    ("lille-avenirs-advance", "IdPost", "000000"),
    ("lille-avenirs-advance", "CodCol", "000"),
    ("lille-avenirs-advance", "CodBud", "0"),
    ("lille-avenirs-advance", "Version", "1"),
    ("lille-avenirs-advance", "IdVer", "1"),
    ("lille-avenirs-advance", "DteStr", "2023-6-5"),
    ("lille-avenirs-advance", "IdTiers", "37887770800041"),
    ("lille-avenirs-advance", "CatTiers", "30"),
    ("lille-avenirs-advance", "CatTiers", "01"),
    ("lille-avenirs-advance", "NatJur", "12"),
    ("lille-avenirs-advance", "Nom", "nc"),
    ("lille-avenirs-advance", "Nom", "000"),
    ("lille-avenirs-advance", "Nom", "."),
    ("lille-avenirs-advance", "IBAN", "FR7610278027150004578690111"),
    ("lille-avenirs-advance", "IBAN", "FR76 1027 8027 1500 0457 8690 110"),
    ("lille-avenirs-advance", "CodRes", "1"),
    ("lille-avenirs-cancellation", "NatPceOrig", "05"),
    ("lille-avenirs-cancellation", "ExerRat", "2022"),
    ("lille-avenirs-cancellation", "IdLigneOrig", "1"),
    ("odd-texts", "IdPce", "2"),
    ("odd-texts", "BIC", "gebabebb"),
    ("every-setting", "CodPays", "0"),
]


@pytest.mark.parametrize(("name", "element", "value"), VALUES)
def test_a_value_that_the_accountant_would_refuse_breaks_a_rule(
    name: str, element: str, value: str
) -> None:
    root = etree.fromstring(FILES[name])
    found = root.find(f".//{element}")
    assert found is not None
    found.set("V", value)
    assert broken(edited(root), is_functional=FUNCTIONAL[name])


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (rb'"1.0" encoding="ISO-8859-1"', b"'1.0' encoding='ISO-8859-1'"),
        (rb"ISO-8859-1", b"UTF-8"),
        (rb"<n:PES_Aller xmlns:n=", b"<!DOCTYPE x><n:PES_Aller xmlns:n="),
        (rb"n:PES_Aller", b"m:PES_Aller"),
        (rb"xmlns:n=", b"a='1' xmlns:n="),
        (rb"Rev0/aller", b"Rev0/retour"),
        (b"\xc9cluse", "Écluse".encode()),
        (rb' Id="BORD-2023-01-12"', b""),
        (rb"BORD-2023", b"2023"),
        (rb"<BlocBordereau>", b"<BlocBordereau Id='A1'>"),
        (rb"<BlocBordereau>", b"<BlocBordereau>text"),
    ],
)
def test_bytes_that_are_changed_break_a_rule(was: bytes, becomes: bytes) -> None:
    broken_by = []
    for name, content in FILES.items():
        changed = content.replace(was, becomes)
        if was.startswith(b"n:PES"):
            changed = changed.replace(b"xmlns:n=", b"xmlns:m=")
        if changed != content:
            broken_by.append(broken(changed, is_functional=FUNCTIONAL[name]))
    assert broken_by
    assert all(broken_by)
