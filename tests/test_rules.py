"""Every rule of docs/rules.md has a test that names it: `test_rule_14_…`, `test_rules_3_and_4_…`.

`pytest -k rule_14_` runs those of one rule.
"""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from services.ledger.domain.model.answers import FlagCode, Refusal

HERE = Path(__file__).resolve().parent
RULES = HERE.parent / "docs" / "rules.md"
NAMED = re.compile(r"^test_rules?_(\d+)((?:_(?:and|to)_\d+)*)_")
FIRST, LAST = 1, 39


def rules_of(name: str) -> list[int]:
    """The rules that a test names: one, several, or all from one to another."""
    found = NAMED.match(name)
    if found is None:
        return []
    numbers = [int(found[1])]
    for word, number in re.findall(r"_(and|to)_(\d+)", found[2]):
        numbers += range(numbers[-1] + 1, int(number) + 1) if word == "to" else [int(number)]
    return numbers


@cache
def shown_by_rule() -> dict[int, list[str]]:
    """Where each rule is shown, read from the sources: nothing is run or imported."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(HERE.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for rule in rules_of(node.name):
                    found[rule].append(f"{path.relative_to(HERE)}::{node.name}")
    return found


@pytest.mark.parametrize("rule", range(FIRST, LAST + 1))
def test_a_rule_has_a_test_that_names_it(rule: int) -> None:
    assert [] != shown_by_rule()[rule], f"no test is called test_rule_{rule}_…"


def test_no_test_names_a_rule_that_is_not_there() -> None:
    assert set() == set(shown_by_rule()) - set(range(FIRST, LAST + 1))


def test_the_rules_are_numbered_without_a_gap() -> None:
    text = RULES.read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert list(range(FIRST, LAST + 1)) == numbers


def chapter(title: str) -> str:
    text = RULES.read_text(encoding="utf-8")
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_refusals_stand_in_the_order_of_their_chapter() -> None:
    said, _ = chapter("Precedence of refusals").split(". ", 1)
    named = [code.strip(" ().\n") for code in said.split("·")]
    # A duplicate is no refusal: it has its place because it is looked for there.
    assert [code for code in named if code != "duplicate"] == [str(code) for code in Refusal]


def test_the_flags_are_those_of_their_chapter() -> None:
    said = chapter("Review flags")
    named = [code for code in FlagCode if re.search(rf"(^|· ){code}\b", said, re.MULTILINE)]
    assert list(FlagCode) == named


def test_the_architecture_names_every_rule_that_the_projector_repeats() -> None:
    root = HERE.parent
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    said = text.split("rules of the ledger that it repeats:")[1].split(".")[0]
    projector = root / "services" / "projector"
    sources = [*projector.glob("*.py"), *(projector / "rows").glob("*.py")]
    cited = [
        re.findall(r"\d+", each)
        for path in sources
        for each in re.findall(r"\(rules,\s([\d, and]+)\)", path.read_text(encoding="utf-8"))
    ]
    assert sorted({int(each) for some in cited for each in some}) == [
        int(number) for number in re.findall(r"(\d+) \(", said)
    ]


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("test_rule_14_no_order_above_23_000_euros", [14]),
        ("test_rules_3_and_4_an_event_is_known", [3, 4]),
        ("test_rules_13_to_15_a_grant_is_amended", [13, 14, 15]),
        ("test_rules_1_and_3_to_5_are_read", [1, 3, 4, 5]),
        ("test_article_5_4_before_the_notification", []),
        ("test_a_rule_has_a_test", []),
    ],
)
def test_a_name_is_read(name: str, rules: list[int]) -> None:
    assert rules == rules_of(name)
