"""Occurrences: a name or a number is found however somebody wrote it, and where it stands."""

import json

import pytest

from services.cli.commands.personal_data import Occurrence, SearchTerm
from tests.builders import IBAN

GROUPED = " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Zoé Lefèvre", "LEFEVRE Zoe", True),
        ("zoe lefevre", "Mme Zoé  LEFÈVRE, présidente", True),
        ("Zoé Lefèvre", "Zoe\u0301 Lefe\u0300vre", True),
        ("Lefèvre", "urn:lefevre/2023", True),
        ("Zoé Lefèvre", "Zoé Lefebvre", False),
        ("Lefèvre", "Lefèvres", False),
        ("Jean-Pierre Martin", "MARTIN (Jean Pierre)", True),
        ("O'Neil", "O\u2019NEIL", True),
        ("Leboeuf", "Mme LEBŒUF", True),
        ("Sørensen", "sorensen", True),
        ("Lefèvre", '{"broken": "Lef\\u00e8vre"', True),
        (IBAN, GROUPED, True),
        (GROUPED, f"virement-{IBAN}-8", True),
        (IBAN[-9:], GROUPED, True),
        (IBAN, IBAN[:-1], False),
        ("7", "7 700", True),
        ("7", "77", False),
        ("378 877 708 00040", '"siret": "37887770800040"', True),
    ],
)
def test_a_name_is_found_however_it_is_written(name: str, text: str, found: bool) -> None:
    assert found is SearchTerm(name).is_in(text)


@pytest.mark.parametrize("name", ["", " ", "–", "_"])
def test_there_must_be_something_to_look_for(name: str) -> None:
    with pytest.raises(ValueError, match="nothing to look for"):
        SearchTerm(name)


def test_its_place_is_a_pointer_into_json_inside_of_text_too() -> None:
    event = {"data": {"interested": ["A B", "Zoé Lefèvre"], "a/b~": {"c": "Lefèvre, Zoé"}}}
    record = json.dumps({"sequence": 3, "event": json.dumps(event)}).encode()
    assert [
        Occurrence("/event/data/interested/1", "Zoé Lefèvre"),
        Occurrence("/event/data/a~1b~0/c", "Lefèvre, Zoé"),
    ] == list(SearchTerm("zoé lefèvre").occurrences(record))


def test_the_name_of_a_member_counts_and_so_do_bytes_that_are_no_json() -> None:
    wanted = SearchTerm("Lefèvre")
    assert [Occurrence("/x/Lefèvre", "Lefèvre")] == list(
        wanted.occurrences({"x": {"Lefèvre": 1, "y": None}})
    )
    broken = '{"name": "Lefèvre'.encode() + b"\xff"
    assert ["", '{"name": "Lefèvre\N{REPLACEMENT CHARACTER}'] == [
        part for each in wanted.occurrences(broken) for part in each
    ]
    for encoding in ("cp1252", "utf-16"):
        (found,) = wanted.occurrences('{"name": "Lefèvre'.encode(encoding))
        assert found.text.endswith("Lefèvre")
    assert [Occurrence("/name", "Lefèvre")] == list(
        wanted.occurrences('{"name": "Lefèvre", "name": "x"}')
    )
    assert [Occurrence("/siret", "21590350100017")] == list(
        SearchTerm("215 903 501 00017").occurrences(b'{"siret": 21590350100017}')
    )
    assert [] == list(wanted.occurrences({"a": 5, "b": [None, True]}))
