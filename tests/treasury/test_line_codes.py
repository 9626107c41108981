"""Codes that no slip can take, said of a file of events before any order stands on them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.pes.faults import code_faults
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_line,
    a_transfer,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.integration.command import ecluse

SETTINGS = """
entities:
  "21590350100017":
    budgets:
      "00": {{IdPost: "059999", CodCol: "350", functional: {functional}}}
"""


BESIDE = r"^.*No slip can pay from |( that mean something)?\. Vote, award and .*$"
"""Each sentence around its line, code and fault."""


def warnings(folder: Path, *events: Json, functional: bool | None = None) -> list[tuple[int, str]]:
    """The place of each warning, and its sentence in English; the file is valid all the same."""
    file = folder / "events.jsonl"
    file.write_bytes(b"\n".join(map(encoded, events)) + b"\n")
    env: dict[str, str] = {}
    if functional is not None:
        settings = folder / "treasury.yaml"
        settings.write_text(SETTINGS.format(functional=str(functional).lower()))
        env = {"ECLUSE_TREASURY_FILE": str(settings)}
    done = ecluse("validate", file, "--json", given=b"", **env)
    assert 0 == done.code, done.err
    found: dict[str, Any] = json.loads(done.out)
    assert len(events) == found["valid"]
    people = ecluse("validate", file, "--lang", "en", given=b"", **env)
    texts = [(each["position"], each["message"]["en"]) for each in found["warnings"]]
    assert not [text for _line, text in texts if text not in people.text.replace("\n", " ")]
    return texts


def on(**codes: Any) -> list[Json]:
    return [an_amount(100_000, line=a_line(**{"operation": None, **codes}))]


def test_each_fault_is_said_once_where_it_first_stands(tmp_path: Path) -> None:
    long = "RELATIONS-INT"
    lines = on(operation=long)
    found = warnings(
        tmp_path,
        a_vote(appropriations=lines),
        an_award(lines=lines),
        a_convention(instalments=[an_instalment(lines=on(operation=long, function="3A"))]),
        a_transfer(to="OP-12"),
    )
    operation = "is not 1 to 10 letters or digits"
    assert [
        (1, f"line 65/65748/61/{long}: the operation “{long}” {operation}"),
        (3, f"line 65/65748/3A/{long}: the function “3A” is not 1 to 10 digits"),
        (3, f"line 65/65748/3A/{long}: the operation “{long}” {operation}"),
        (4, f"line 65/65748/61/OP-12: the operation “OP-12” {operation}"),
    ] == [(line, re.sub(BESIDE, "", text)) for line, text in found]


@pytest.mark.parametrize(
    ("functional", "function", "count"),
    [
        (None, None, 0),
        (True, None, 1),
        (False, None, 0),
        (None, "3A", 1),
        (True, "3A", 1),
        (False, "3A", 0),
        (True, "61", 0),
    ],
)
def test_functions_are_judged_as_the_budget_has_them(
    tmp_path: Path, functional: bool | None, function: str | None, count: int
) -> None:
    """A vote may be of a chapter; what a grant is paid from has a function, if the budget does."""
    lines = on(function=function)
    events = a_vote(appropriations=on(function=None)), an_award(lines=lines)
    assert [2] * count == [line for line, _ in warnings(tmp_path, *events, functional=functional)]


def test_the_example_of_a_year_has_none() -> None:
    done = ecluse("validate", "schemas/examples/lille-avenirs-2023.jsonl", "--json")
    assert [] == json.loads(done.out)["warnings"]


def test_a_warning_names_the_line_and_the_code() -> None:
    (fault,) = code_faults("65/65748/–/–", None, None, functional=True, is_granted=True)
    assert "the function is missing" in translate(fault, Language.EN)
    assert BUDGET not in translate(fault, Language.EN)
