"""The file of the accountant's codes: what it says, and what is wrong in it, line by line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.pes.accountant import TreasuryConfig, judge, read_config
from tests.integration.command import ecluse

EXAMPLE = Path(__file__).parents[2] / "deploy" / "treasury.example.yaml"
LILLE, AVENIRS = "21590350100017", "37887770800040"
BUDGET = f"{LILLE}-00-2023"
ENTITY = f'entities:\n  "{LILLE}":\n    budgets:\n'
CODES = 'IdPost: "059999", CodCol: "350"'
ONE = f'{ENTITY}      "00": {{{CODES}}}\n'


def sentences(text: str, language: Language = Language.EN) -> list[str]:
    _config, faults = judge(text)
    return [translate(each.sentence, language) for each in faults]


def config_of(settings: dict[str, Any], code: str = "00") -> TreasuryConfig:
    return TreasuryConfig.model_validate({"entities": {LILLE: {"budgets": {code: settings}}}})


def test_the_example_has_no_fault_and_the_defaults_that_it_names() -> None:
    config, faults = judge(EXAMPLE.read_text(encoding="utf-8"))
    assert config is not None
    assert [] == faults
    assert config == read_config(EXAMPLE)
    lille = config.find_budget(BUDGET)
    assert lille is not None
    assert ("059999", "350", "00") == (lille.id_post, lille.cod_col, lille.cod_bud)
    assert ("PESALR2", "2", "2", "ECLUSE") == (
        lille.typ_fic,
        lille.version,
        lille.id_ver,
        lille.sigle,
    )
    assert ("50", "06", "03") == (lille.cat_tiers, lille.nat_jur, lille.mod_regl)
    assert ("01-01-01", "01-01-02", "02-02-06") == (
        lille.operating,
        lille.investment,
        lille.cancelling,
    )
    assert lille.functional
    assert not lille.info_dematerialisee
    assert ("01",) == lille.org_ema
    assert lille.numbers.reuse_refused
    assert not lille.numbers.given_by_erp
    assert 1 == lille.numbers.first_of("slip:01")
    third_party = config.third_party(AVENIRS)
    assert third_party is not None
    assert third_party.adresse is not None
    assert "1 rue de l'Exemple" == third_party.adresse.adr2


COMMENTED_OUT = [
    "CodBud",
    "TypFic",
    "Version",
    "IdVer",
    "Sigle",
    "InfoDematerialisee",
    "functional",
    "CatTiers",
    "NatJur",
    "ModRegl",
    "operating",
    "investment",
    "cancelling",
    "OrgEma",
    "given_by_erp",
    "reuse_refused",
    "TypePJ",
]


def test_what_the_example_comments_out_are_the_defaults() -> None:
    commented_out = rf"(?m)^( +)# (?=({'|'.join(COMMENTED_OUT)}): )"
    text, count = re.subn(commented_out, r"\1", EXAMPLE.read_text(encoding="utf-8"))
    config, faults = judge(text)
    assert (len(COMMENTED_OUT), []) == (count, faults)
    assert config is not None
    assert config.find_budget(BUDGET) == read_config(EXAMPLE).find_budget(BUDGET)


def test_a_budget_is_known_in_every_year_and_no_other_is() -> None:
    config = config_of({"IdPost": "059999", "CodCol": "350"})
    assert config.find_budget(BUDGET) is config.find_budget(f"{LILLE}-00-2024")
    assert config.find_budget(f"{LILLE}-01-2023") is None
    assert config.find_budget("21590512600011-00-2023") is None
    assert config.third_party(AVENIRS) is None
    assert TreasuryConfig().find_budget(BUDGET) is None


@pytest.mark.parametrize(
    ("code", "settings", "expected"),
    [
        ("00", {}, "00"),
        ("A1", {}, "A1"),
        ("ABC", {}, None),
        ("a1", {}, None),
        ("ABC", {"CodBud": "03"}, "03"),
        ("00", {"CodBud": "03"}, "03"),
    ],
)
def test_the_budget_has_its_own_code_where_it_has_the_form(
    code: str, settings: dict[str, Any], expected: str | None
) -> None:
    budget = config_of(settings, code).find_budget(f"{LILLE}-{code}-2023")
    assert budget is not None
    assert expected == budget.cod_bud


def test_a_series_begins_with_1_where_nothing_else_is_agreed() -> None:
    budget = config_of({"numbers": {"first": {"piece:01": 5001}}}).find_budget(BUDGET)
    assert budget is not None
    assert (5001, 1) == tuple(map(budget.numbers.first_of, ("piece:01", "slip:01")))


def test_documents_are_of_a_convention_and_may_be_of_one_instalment() -> None:
    named = [
        {"convention": "C", "IdUnique": "A"},
        {"convention": "C", "instalment": "avance", "IdUnique": "B"},
        {"convention": "D", "IdUnique": "E"},
    ]
    budget = config_of({"documents": named}).find_budget(BUDGET)
    assert budget is not None
    assert ["A", "B"] == [each.id_unique for each in budget.documents_of("C", "avance")]
    assert ["A"] == [each.id_unique for each in budget.documents_of("C", "solde")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE, []),
        ("", ["line 1, /: settings with their names are expected"]),
        ("entities: [", ["line 1, /: expected the node content, but found '<stream end>'"]),
        (f"{ONE}      '00': {{}}\n", ["line 5, /: the key 00 stands twice"]),
        (
            'entities:\n  "21590350100018":\n    budgets: {}\n',
            ["line 2, /entities/21590350100018: the SIRET's check digit is wrong"],
        ),
        (
            "third_parties:\n  37887770800040: {}\n",
            ["line 2, /third_parties/37887770800040: a code or a name is text: put it in quotes"],
        ),
        (
            f'{ENTITY}      "00": {{}}\n',
            [
                f"line 4, /entities/{LILLE}/budgets/00: {name} is missing: without it no slip is"
                " prepared; ask the public accountant"
                for name in ("IdPost", "CodCol")
            ],
        ),
        (
            f'{ENTITY}      "ABC": {{{CODES}}}\n',
            [
                (
                    f"line 4, /entities/{LILLE}/budgets/ABC: CodBud is missing: without it no slip"
                    " is prepared; ask the public accountant"
                ),
            ],
        ),
        (
            f'{ENTITY}      "00": {{{CODES}}}\n      "X": {{{CODES}, CodBud: "00"}}\n',
            [
                (
                    f"line 5, /entities/{LILLE}/budgets/X: CodBud 00 is that of budget 00 too: a"
                    " return could mean either"
                ),
            ],
        ),
        (
            f'{ONE}  "21350001010002": {{budgets: {{"X": {{{CODES}, CodBud: "00"}}}}}}\n',
            [
                (
                    "line 5, /entities/21350001010002/budgets/X: IdPost 059999, CodCol 350 and"
                    f" CodBud 00 are those of {LILLE}-00 too: a return could mean either"
                ),
            ],
        ),
    ],
)
def test_each_fault_of_the_file_is_a_sentence_with_its_line(text: str, said: list[str]) -> None:
    assert said == sentences(text)


SETTINGS = [
    ("IdPost", "000000", "6 or 7 digits, or 02A or 02B and 3 or 4 digits, not only zeros"),
    ("IdPost", "02C123", "6 or 7 digits, or 02A or 02B and 3 or 4 digits, not only zeros"),
    ("CodCol", "000", "3 digits, not 000"),
    ("CodCol", "12", "3 digits, not 000"),
    ("CodBud", "0A", "a digit or a capital letter, and a digit"),
    ("CatTiers", "01", "one of 20 to 29, 50, 60 to 65, 70 to 74"),
    ("NatJur", "12", "one of 01 to 11"),
    ("ModRegl", "01", "it must be '03' or '05'"),
    ("operating", "02-01-01", "TypBord-TypPce-NatPce like 01-01-01"),
    ("cancelling", "02-02-15", "TypBord-TypPce-NatPce like 02-02-06"),
    ("CodServ", "RELATIONS-INT", "at most 10 characters"),
    ("Affect", "000", "a text that is not empty, nor only zeros, “.” or “nc”"),
    ("LibellePoste", "日", "PES files are in ISO-8859-1, which does not have 日"),
    ("Version", "0", "a number from 1 to 99"),
    ("IdVer", 2, "a code or a name is text: put it in quotes"),
    ("functional", "yes", "true or false is expected"),
    ("OrgEma", ["1"], "2 digits"),
    ("id_post", "059999", "there is no such setting"),
    ("documents", [{"convention": "C", "IdUnique": "a-b"}], "1 to 50 letters or digits"),
    ("numbers", {"first": {"slip:01": 0}}, "the minimum is 1"),
]


@pytest.mark.parametrize(("name", "value", "said"), SETTINGS)
def test_a_setting_that_the_schema_would_refuse_is_refused(
    name: str, value: object, said: str
) -> None:
    text = f'{ENTITY}      "00":\n        CodServ: A\n'.replace("CodServ: A", f"{name}: {value!r}")
    (found,) = sentences(text)
    assert said in found
    assert found.startswith(f"line 5, /entities/{LILLE}/budgets/00/{name}")


PERSON = {"CatTiers": "01", "NatJur": "01", "Civilite": "Mme", "Nom": "Durand", "Prenom": "Claire"}
NOT_A_PERSON = (
    "a natural person (CatTiers 01) has Civilite, Nom and Prenom; nobody else has Civilite or"
    " Prenom"
)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (PERSON, []),
        ({"CatTiers": "21", "NatJur": "09"}, []),
        ({"CatTiers": "50"}, ["CatTiers and NatJur belong together: give both or none"]),
        (PERSON | {"CatTiers": "50"}, [NOT_A_PERSON]),
        ({"CatTiers": "01", "NatJur": "01", "Nom": "Durand"}, [NOT_A_PERSON]),
        ({name: PERSON[name] for name in PERSON if name != "Nom"}, [NOT_A_PERSON]),
        ({"Nom": "Enosi"}, []),
        ({"Prenom": "Claire"}, [NOT_A_PERSON]),
        (
            {"Adresse": {"Adr2": "1 rue", "CP": "5900", "Ville": "Lille"}},
            ["5 digits; abroad 99999"],
        ),
        ({"Adresse": {"CP": "59000", "Ville": "Lille"}}, ["add it"]),
    ],
)
def test_an_entry_of_the_directory_is_whole(entry: dict[str, Any], said: list[str]) -> None:
    found = sentences(f'third_parties:\n  "{AVENIRS}": {entry!r}\n')
    assert said == [each.partition(": ")[2] for each in found]


def test_a_fault_is_said_in_french_too() -> None:
    (said,) = sentences("entities:\n  a: 1\n  a: 2\n", Language.FR)
    assert "ligne 3" in said


def test_a_file_that_cannot_be_read_stops_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "treasury.yaml"
    with pytest.raises(Stop, match=r"treasury\.yaml: .*No such file"):
        read_config(file)
    file.write_bytes(b"\xff")
    with pytest.raises(Stop, match=r"treasury\.yaml: .*UTF-8"):
        read_config(file)
    file.write_text("entities:\n  x: 1\n", encoding="utf-8")
    with pytest.raises(Stop, match=r"treasury\.yaml: line 2, /entities/x: "):
        read_config(file)


def test_the_command_judges_a_file_for_people_and_for_programs(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(f'{ENTITY}      "00": {{}}\n', encoding="utf-8")
    result = ecluse("treasury", "check", faulty)
    assert (1, "") == (result.code, result.err)
    assert [
        f"line 4, /entities/{LILLE}/budgets/00: {name} is missing: without it no slip is prepared;"
        " ask the public accountant"
        for name in ("IdPost", "CodCol")
    ] + [f"{faulty}: 2 faults."] == result.text.splitlines()
    as_json = json.loads(ecluse("treasury", "check", faulty, "--json").out)
    assert (1, 0) == (as_json["budgets"], as_json["third_parties"])
    assert [(4, f"/entities/{LILLE}/budgets/00")] * 2 == [
        (each["line"], each["pointer"]) for each in as_json["faults"]
    ]
    assert as_json["faults"][0]["message"]["fr"].startswith("IdPost manque")


def test_the_command_takes_the_file_that_a_variable_names() -> None:
    result = ecluse("treasury", "check", ECLUSE_TREASURY_FILE=str(EXAMPLE))
    said = "1 budget, 1 third party in the directory; it has no fault."
    assert (0, f"{EXAMPLE}: {said}\n") == (result.code, result.text)
    assert 2 == ecluse("treasury", "check").code


def test_the_command_refuses_what_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("entities: {} # é\n".encode("iso-8859-1"))
    result = ecluse("treasury", "check", file, "--json")
    assert 1 == result.code
    assert [None] == [each["line"] for each in json.loads(result.out)["faults"]]
