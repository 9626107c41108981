"""The table of handlers: complete, and what happened is applied without what decides."""

import dis
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import CodeType, FunctionType
from typing import Any

import pytest

from events.envelope import INBOUND
from services.ledger.application.restore import fold
from services.ledger.domain import order_issuing
from services.ledger.domain.model import verdicts
from services.ledger.domain.rules.table import HANDLERS
from tests.golden.test_golden import NAMES, recorded

DECIDING = (order_issuing.__name__, verdicts.__name__)
"""Where verdicts are made: only what decides may reach it."""


def test_every_type_has_a_handler() -> None:
    assert set(INBOUND) == set(HANDLERS)
    assert [] == [event for event, handler in HANDLERS.items() if handler.event is not event]


@pytest.mark.parametrize("event", INBOUND, ids=lambda each: each.__name__)
def test_what_decides_is_not_reached_by_what_applies(event: Any) -> None:
    handler = HANDLERS[event]
    reached = set(functions_behind(handler.apply))
    assert handler.decide not in reached
    assert [] == [each for each in reached if each.__module__ in DECIDING]
    assert [] != [each for each in functions_behind(handler.decide) if each.__module__ in DECIDING]


@pytest.mark.parametrize("name", NAMES)
def test_a_journal_is_folded_though_no_rule_decides(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fold(recorded(name))
    for event, handler in HANDLERS.items():
        monkeypatch.setitem(HANDLERS, event, replace(handler, decide=decides_nothing))
    assert expected == fold(recorded(name))


def decides_nothing(*_: Any) -> Any:
    raise AssertionError("a fold decides nothing")


def functions_behind(function: Callable[..., Any]) -> Iterator[Any]:
    """Functions and classes of the ledger that a function may use, however far behind."""
    seen: set[Any] = set()
    waiting: list[Any] = [function]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        yield each
        if isinstance(each, FunctionType):
            found = (each.__globals__.get(name) for name in names_in(each.__code__))
            waiting += [
                one
                for one in found
                if isinstance(one, FunctionType | type)
                and one.__module__.startswith("services.ledger")
            ]


def names_in(code: CodeType) -> Iterator[str]:
    """The global names that code loads, those of the functions inside it too."""
    loaded = (each for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
    yield from (str(each.argval) for each in loaded)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)
