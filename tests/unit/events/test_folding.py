"""Folded texts: what people type for a name, and what stands there, is one and the same."""

import pytest

from events.texts import fold_text, parts_of


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Chœur de Lille", "CHOEUR  de   lille"),
        ("Théâtre", "theatre"),
        ("The\u0301a\u0302tre", "théâtre"),  # accents apart, as macOS writes them
        ("l’Opéra", "l'opera"),
        ("Ex æquo, Łódź – Tromsø", "ex aequo lodz tromso"),
        ("CONV-2023-LILLE-AVENIRS/balance", "conv 2023 lille avenirs balance"),
        ("2023/40", "2023-40"),
        ("Straße", "STRASSE"),
        ("n\u00a03\u202f000", "n 3 000"),
    ],
)
def test_one_name_in_several_spellings(written: str, typed: str) -> None:
    assert fold_text(written) == fold_text(typed)


def test_each_part_stands_behind_a_space() -> None:
    assert ["choeur", "d", "ete"] == parts_of("Chœur d’Été")
    assert " choeur d ete" == fold_text("Chœur d’Été")
    assert "" == fold_text(" …’_")
