"""Names of codes: the nomenclature's, a city's own, and a file that is not as it must be."""

import re
from pathlib import Path

import pytest

from services.api.code_names import OFFICIAL, city_names
from services.api.queries.rows import BudgetLine
from services.api.settings import ApiSettings
from tests.integration.command import ecluse

BUDGET = "21590350100017-00-2023"
EXAMPLE = Path(__file__).parents[3] / "deploy" / "names.example.yaml"
LILLE = 'entities:\n  "21590350100017":\n    name: Lille\n'


def test_the_codes_of_grants_have_the_names_of_the_nomenclature() -> None:
    assert "Autres charges de gestion courante" == OFFICIAL.code_name(BUDGET, "chapter", "65")
    assert "Personnes en difficulté" == OFFICIAL.code_name(BUDGET, "function", "424")
    line = BudgetLine("65", "65748", "61", "489")
    assert (
        "Subventions de fonctionnement – Autres personnes de droit privé"
        " · Interventions économiques transversales"
    ) == OFFICIAL.line_name(BUDGET, line)


def test_a_code_that_nobody_has_named_has_no_name() -> None:
    assert OFFICIAL.code_name(BUDGET, "operation", "489") is None
    assert OFFICIAL.code_name(BUDGET, "function", None) is None
    assert OFFICIAL.entity("21590350100017") is None
    assert "" == OFFICIAL.line_name(BUDGET, BudgetLine("99", "99", None, None))


def test_a_city_names_its_own_codes_in_its_own_budgets() -> None:
    names = city_names(EXAMPLE.read_text(encoding="utf-8"))
    assert "Lille" == names.entity("21590350100017")
    assert "budget principal" == names.budget("21590350100017", "00")
    assert "Mission locale" == names.code_name(BUDGET, "operation", "489")
    assert names.code_name("21590512600011-00-2023", "operation", "489") is None


def test_a_city_may_name_a_function_otherwise() -> None:
    names = city_names(f'{LILLE}    functions:\n      "61": Emploi\n')
    assert "Emploi" == names.code_name(BUDGET, "function", "61")
    assert "Personnes en difficulté" == names.code_name(BUDGET, "function", "424")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entities: [", "line 1: expected the node content"),
        (f"{LILLE}    name: Roubaix\n", "line 4: the key name stands twice"),
        ("", "the file: Input should be a valid dictionary"),
        ("{}", "entities: it is missing"),
        (f"{LILLE}    colour: red\n", "entities.21590350100017.colour: it is not known"),
        (f"{LILLE}    operations:\n      489: x\n", "operations.489: a code or a name is text"),
        (f'{LILLE}    budgets:\n      "00": 7\n', "budgets.00: a code or a name is text"),
        ('entities:\n  "215":\n    name: x\n', "entities.215: an entity is its SIRET"),
        ('entities:\n  "21590350100017": {}\n', "entities.21590350100017.name: it is missing"),
    ],
)
def test_a_faulty_file_is_refused_and_says_where(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        city_names(text)


def test_the_api_takes_the_file_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_NAMES_FILE", str(EXAMPLE))
    assert "Lille" == ApiSettings().names.entity("21590350100017")


def test_a_faulty_file_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "names.yaml"
    file.write_text(f"{LILLE}    operations:\n      489: x\n", encoding="utf-8")
    result = ecluse("serve", "--embedded", "--data", tmp_path / "data", ECLUSE_NAMES_FILE=str(file))
    assert (2, b"") == (result.code, result.out)
    where = "ECLUSE_NAMES: Value error, entities.21590350100017.operations.489"
    assert f"ecluse: {where}: a code or a name is text: put it in quotes\n" == result.err
    assert not (tmp_path / "data").exists()
