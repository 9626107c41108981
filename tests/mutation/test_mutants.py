"""The mutants are what they say, and an explanation is of one that is there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.ledger.domain.model import moves, orders
from services.ledger.domain.model.lines import Line
from tests.mutation.judge import plant
from tests.mutation.mutants import Mutant, modules, mutants_of
from tests.mutation.page import MutationRun, page, score
from tests.mutation.verdicts import explanations

LINE = Line("65", "65748", None, None)


def named(module: str, key: str) -> Mutant:
    (found,) = (mutant for mutant in mutants_of(module) if mutant.key == key)
    return found


@pytest.fixture
def planted(request: pytest.FixtureRequest) -> Iterator[Mutant]:
    """A mutant in the place of the true function, which is put back behind the test."""
    mutant = named(*request.param)
    plant(mutant)
    yield mutant
    plant(mutant.unchanged())


LOSES = "net.get(move.line, 0) - gained_cents"


@pytest.mark.parametrize(
    "planted",
    [("model.moves", f"model.moves.net_by_line: `{LOSES.replace('-', '+')}` → `{LOSES}`")],
    indirect=True,
)
def test_a_mutant_is_planted_where_everybody_sees_it(planted: Mutant) -> None:
    assert {LINE: -5} == moves.net_by_line([moves.Move(LINE, None, None, moves.APPROPRIATE, 5)])


def test_and_taken_away_again() -> None:
    assert {LINE: 5} == moves.net_by_line([moves.Move(LINE, None, None, moves.APPROPRIATE, 5)])
    assert [1, 2] == list(orders.cumulative_shares(3, [1, 2]))


@pytest.mark.parametrize("module", ["limits", "model.moves", "rules.payments"])
def test_each_mutant_has_a_name_of_its_own_and_changes_its_module(module: str) -> None:
    found = mutants_of(module)
    assert len(found) == len({mutant.key for mutant in found})
    true = found[0].unchanged().source()
    assert true == found[0].path.read_text(encoding="utf-8")
    for mutant in found[::10]:
        compile(mutant.source(), str(mutant.path), "exec")
        assert true != mutant.source()


@pytest.mark.parametrize("module", modules())
def test_every_function_that_has_mutants_can_be_changed_where_it_stands(module: str) -> None:
    """Else planting would fail, and each of its mutants seem to be noticed."""
    scopes = {mutant.scope: mutant for mutant in mutants_of(module) if mutant.scope is not None}
    for mutant in scopes.values():
        plant(mutant.unchanged())


def test_the_tables_outside_functions_have_mutants() -> None:
    outside = [mutant for mutant in mutants_of("model.moves") if mutant.scope is None]
    assert any('"released"' in mutant.was for mutant in outside)


def test_every_explanation_is_of_a_mutant_that_is_there() -> None:
    explained = explanations()
    known = {mutant.key for module in modules() for mutant in mutants_of(module)}
    assert [] == [key for key in explained if key not in known]
    assert all(why.endswith(".") for why in explained.values())


@pytest.mark.parametrize(
    ("judged", "survived", "printed"),
    [(0, 0, "–"), (3, 1, "66.6 %"), (1000, 1, "99.9 %"), (100_000, 1, "99.9 %"), (7, 0, "100.0 %")],
)
def test_the_score_is_never_rounded_up(judged: int, survived: int, printed: str) -> None:
    assert printed == score({"judged": judged, "survived": survived})


def test_the_page_names_what_survived_and_why() -> None:
    first, second, third = mutants_of("limits")[:3]
    mutation_run = MutationRun(
        seed=7,
        sampled=True,
        made={"limits": 9},
        found=[(first, "survived"), (second, "survived"), (third, "timed_out")],
        tests=5,
        versions={"mutmut": "3"},
        explained={second.key: "No test could tell."},
        commit="`abc`",
    )
    text = page(mutation_run)
    assert "| `limits` | 9 | 3 | 0 | 1 | 2 | 1 | 33.3 % |" in text
    assert f"### Not explained\n\n- {first.key}\n" in text
    assert f"No test could tell.\n\n- {second.key}\n" in text
    assert "drawn with seed 7" in text
    assert "| commit | `abc` |" in text
    assert "| commit |" not in page(replace(mutation_run, commit=None))
    assert [first] == mutation_run.unexplained()
