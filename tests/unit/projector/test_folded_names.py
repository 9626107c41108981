"""Folded columns: the number of an act without its sign, and several names in one text."""

import pytest

from services.projector.rows.column_values import fold_names, fold_number


@pytest.mark.parametrize(
    ("number", "folded"),
    [
        ("2023/40", " 2023 40"),
        ("n° 2023/40", " 2023 40"),
        ("nº 2023/40", " 2023 40"),
        ("No. 2023-40", " 2023 40"),
        ("N", " n"),  # a number that is a sign alone keeps it
        ("DEL-12", " del 12"),
        ("…", ""),
    ],
)
def test_an_act_has_one_number_however_it_is_announced(number: str, folded: str) -> None:
    assert folded == fold_number(number)


def test_each_of_several_names_stands_apart() -> None:
    assert " g 1 | chœur |".replace("œ", "oe") == fold_names("G-1", "Chœur")
    assert " g 1 | |" == fold_names("G-1", "")
