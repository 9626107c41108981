"""The writer changed in one place, each in turn: every change turns a test red.

Changes are made as in `make mutate`, by the operators of `tests/mutation`.
"""

from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from services.treasury.pes import faults, payee, writer
from tests.mutation.mutants import Mutant, changes_of
from tests.treasury import test_faults
from tests.treasury.orders import an_order
from tests.treasury.pes_slips import CASES, Case, a_config
from tests.treasury.test_golden_files import GOLDEN

PUBLIC_BODIES = ("11000201100044", "21590512600011")


@cache
def golden() -> list[tuple[Case, bytes]]:
    return [(case(), (GOLDEN / f"{name}.xml").read_bytes()) for name, case in CASES.items()]


def changes(module: ModuleType) -> tuple[Mutant, ...]:
    assert module.__file__ is not None
    name = module.__name__.rpartition(".")[2]
    return changes_of(name, Path(module.__file__).read_text(encoding="utf-8"))


def changed(mutant: Mutant, module: ModuleType) -> dict[str, Any]:
    """The names of a module with this change."""
    # Under its own name, so that dataclasses find their module.
    names: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(mutant.source(), str(module.__file__), "exec"), names)
    return names


def writes_the_golden_files(write: Any) -> bool:
    try:
        return all(
            content == write(case.slip, case.config, case.program).content
            for case, content in golden()
        )
    except Exception:  # noqa: BLE001 # whatever it is, the change was noticed
        return False


def test_the_writer_without_a_change_writes_the_golden_files() -> None:
    (first, *_) = changes(writer)
    assert writes_the_golden_files(changed(first.unchanged(), writer)["write"])


@pytest.mark.rest
def test_every_change_of_the_writer_is_noticed() -> None:
    # What a module offers to others changes no file.
    found = [each for each in changes(writer) if "__all__" not in each.was]
    unnoticed = [
        each.key for each in found if writes_the_golden_files(changed(each, writer)["write"])
    ]
    assert len(found) > 300
    assert [] == unnoticed


def test_every_change_of_the_payee_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    public = [an_order(beneficiary={"name": "x", "siret": siret}) for siret in PUBLIC_BODIES]
    unnoticed = []
    for each in changes(payee):
        for module in (writer, faults):
            monkeypatch.setattr(module, "Payee", changed(each, payee)["Payee"])
        if writes_the_golden_files(writer.write) and all(
            faults.faults(order, a_config()) for order in public
        ):
            unnoticed.append(each.key)
    assert [] == unnoticed


@pytest.mark.rest
def test_every_change_of_the_faults_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = changes(faults)
    unnoticed = []
    for each in found:
        monkeypatch.setattr(test_faults, "f", SimpleNamespace(**changed(each, faults)))
        if finds_every_fault():
            unnoticed.append(each.key)
    assert len(found) > 100
    assert [] == unnoticed


def finds_every_fault() -> bool:
    try:
        for order, of_order in test_faults.ORDERS:
            test_faults.test_what_the_schema_would_refuse_is_a_fault_of_the_order(order, of_order)
        for slip, of_slip in test_faults.SLIPS:
            test_faults.test_what_the_schema_would_refuse_is_a_fault_of_the_slip(slip, of_slip)
        for codes, of_line in test_faults.LINES:
            test_faults.test_codes_that_no_slip_can_take_are_faults_of_the_line(codes, of_line)
        test_faults.test_a_fault_names_order_and_line_and_says_what_to_do()
        test_faults.test_a_budget_without_codes_sends_nothing()
    except Exception:  # noqa: BLE001 # as above
        return False
    return True
