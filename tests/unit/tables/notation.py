"""What a row expects, in lines that a finance officer can read. Figures are cents.

    489: 100_000 = 40_000 available + 60_000 reserved   where the money of a budget line stands
    C on 489: 60 remaining                              where a convention's part of it stands
    489 for C: 100 = 60 committed + 40 ordered          both, where the line is C's alone
    C/advance issued 60 (25 paid)                       a payment order, what of it is paid
    no money                                            no line has any
    refused below_ordered: convention C, asked_cents 1  the answer, with its facts
    flag recovery_due: convention C, amount_cents 60    a review flag, with its facts
    decommitment 489 10 C                               a commitment entry, of convention C
    no entries                                          no commitment entry is written

Semicolons separate the lines. An event is accepted where none refuses it, names what it
`waits for …`, or says `duplicate`. `refused A before B: …` says that B could have refused it
too. Of money nothing is left out; entries are compared where the row names any, or none.
A figure that is a text stands in quotes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from services.ledger.domain.model.answers import FlagCode, Refusal
from services.ledger.domain.model.moves import EntryKind
from services.ledger.domain.model.orders import OrderState
from tests.builders import Json, a_line

Figures = dict[str, int]
Entries = list[tuple[str, str, int, str | None]]
"""Kind, line, cents and convention of each commitment entry."""


@dataclass(frozen=True)
class Money:
    """Where the money stands: everything that is not zero, nothing left out."""

    lines: dict[str, Figures] = field(default_factory=dict)
    """By operation; a line outside 65/65748/61 by all its codes."""
    conventions: dict[str, dict[str, Figures]] = field(default_factory=dict)
    orders: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """State, amount and paid of each payment order."""


@dataclass
class Outcome:
    """The answer to a row's last event, and where the money stands then."""

    answer: str = "accepted"
    facts: Json | None = None
    before: str | None = None
    """A refusal that stands after the answer in the order of precedence."""
    flags: list[tuple[str, Json]] = field(default_factory=list)
    money: Money = field(default_factory=Money)
    entries: Entries | None = None


FIGURE = r"-?\d{1,3}(?:_\d{3})*"
LINE = r"\d+(?:/\d+/\d+/(?:\d+|–))?"
OF_A_LINE = {"available", "reserved", "committed", "ordered", "paid", "carried_over"}
OF_A_CONVENTION = {"available": "released", "committed": "remaining"}
"""What a convention calls the money that its line has under another name."""
OF_A_SHARE = {OF_A_CONVENTION.get(stage, stage) for stage in OF_A_LINE - {"reserved"}}


def read_outcome(text: str) -> Outcome:
    """Read the lines of a row; a word, figure or line that is not understood fails."""
    outcome = Outcome()
    statements = [" ".join(each.split()) for each in text.split(";")]
    for statement in statements:
        _take(statement, outcome)
    says_nothing = not any(re.match(rf"no money|{LINE}( for \S+)?:", each) for each in statements)
    if says_nothing or (outcome.money.lines and "no money" in statements):
        raise ValueError(f"it must say where the money stands: {text!r}")
    if outcome.entries and "no entries" in statements:
        raise ValueError(f"entries, and no entries: {text!r}")
    return outcome


def _take(statement: str, outcome: Outcome) -> None:
    for pattern, take in STATEMENTS.items():
        if match := re.fullmatch(pattern, statement):
            take(outcome, *match.groups())
            return
    raise ValueError(f"no line of the notation: {statement!r}")


def _take_line(outcome: Outcome, line: str, text: str) -> None:
    whole, stages = _read_sum(text, OF_A_LINE)
    _put(outcome.money.lines, line, _leave_out_zero(appropriated=whole) | stages)


def _take_share(outcome: Outcome, name: str, line: str, text: str) -> None:
    whole, stages = _read_sum(text, OF_A_SHARE)
    share = _leave_out_zero(granted=whole) | stages
    _put(outcome.money.conventions.setdefault(name, {}), line, share)


def _take_line_for(outcome: Outcome, line: str, name: str, text: str) -> None:
    _take_line(outcome, line, text)
    words = [OF_A_CONVENTION.get(word, word) for word in text.split(" ")]
    _take_share(outcome, name, line, " ".join(words))


def _read_sum(text: str, stages: set[str]) -> tuple[int, Figures]:
    """Read `0`, `100 ordered`, or `100 = 60 ordered + 40 paid`, whose parts add up."""
    if text == "0":
        return 0, {}
    whole, equals, rest = text.partition(" = ")
    parts = (rest if equals else whole).split(" + ")
    figures: Figures = {}
    for part in parts:
        match = re.fullmatch(rf"({FIGURE}) (\w+)", part)
        if match is None or match[2] not in stages or int(match[1]) == 0:
            raise ValueError(f"{part!r} is not cents and one of {sorted(stages)}")
        _put(figures, match[2], int(match[1]))
    total = sum(figures.values())
    if bool(equals) != (len(parts) > 1) or (equals and whole != f"{total:_}"):
        raise ValueError(f"no sum: {text!r}, its parts are {total:_}")
    return total, figures


def _leave_out_zero(**cents: int) -> Figures:
    return {name: each for name, each in cents.items() if each}


def _put(table: dict[str, Any], name: str, value: Any) -> None:
    if name in table:
        raise ValueError(f"said twice: {name}")
    table[name] = value


def _take_order(outcome: Outcome, order: str, state: str, amount: str, paid: str | None) -> None:
    of_state = amount if state == OrderState.PAID else "0"
    _put(outcome.money.orders, order, (state, int(amount), int(paid or of_state)))


def _take_answer(outcome: Outcome, answer: str) -> None:
    if outcome.answer != "accepted":
        raise ValueError(f"two answers: {outcome.answer} and {answer}")
    outcome.answer = answer


def _take_refusal(outcome: Outcome, code: str, before: str | None, facts: str) -> None:
    _take_answer(outcome, Refusal(code).value)
    outcome.before = before and Refusal(before).value
    outcome.facts = read_facts(facts)


def _take_flag(outcome: Outcome, code: str, facts: str) -> None:
    outcome.flags.append((FlagCode(code).value, read_facts(facts)))


def _take_entry(outcome: Outcome, kind: str, line: str, cents: str, name: str | None) -> None:
    outcome.entries = [*(outcome.entries or ()), (kind, line, int(cents), name)]


def _take_no_entries(outcome: Outcome) -> None:
    outcome.entries = outcome.entries or []


def _take_no_money(_outcome: Outcome) -> None:
    """Say nothing more: a row's money is none until a line says otherwise."""


STATEMENTS: dict[str, Callable[..., None]] = {
    rf"({LINE}): (.+)": _take_line,
    rf"({LINE}) for (\S+): (.+)": _take_line_for,
    rf"(\S+) on ({LINE}): (.+)": _take_share,
    rf"(\S+/\S+) ({'|'.join(OrderState)}) ({FIGURE})(?: \(({FIGURE}) paid\))?": _take_order,
    rf"({'|'.join(EntryKind)}) ({LINE}) ({FIGURE})(?: (\S+))?": _take_entry,
    r"refused (\w+)(?: before (\w+))?: (.+)": _take_refusal,
    r"flag (\w+): (.+)": _take_flag,
    r"(duplicate|waits for \w+ \S+)": _take_answer,
    "no money": _take_no_money,
    "no entries": _take_no_entries,
}


TOKEN = re.compile(r"'[^']*'|[\[\]{},]|[^\s\[\]{},']+")


def read_facts(text: str) -> Json:
    """Read `name value, name value`; a value may be a [list] or {facts} of its own."""
    if TOKEN.sub("", text).strip():
        raise ValueError(f"a quote is open: {text!r}")
    tokens = iter([*TOKEN.findall(text), "end"])
    facts, last = _read_members(tokens)
    if last != "end":
        raise ValueError(f"{last!r} closes nothing: {text!r}")
    return facts


def _read_members(tokens: Iterator[str]) -> tuple[Json, str]:
    """Read facts as far as what stands behind them."""
    facts: Json = {}
    separator = ","
    while separator == ",":
        name = next(tokens)
        if not name.isidentifier() or name == "end":
            raise ValueError(f"no name of a fact: {name!r}")
        value = next(tokens)
        _put(facts, name, read_line_label(value) if name == "line" else _read_value(value, tokens))
        separator = next(tokens)
    return facts, separator


def _read_value(token: str, tokens: Iterator[str]) -> Any:
    if token == "{":
        facts, last = _read_members(tokens)
        return _closed(facts, last, "}")
    if token == "[":
        values, separator = [], ","
        while separator == ",":
            values.append(_read_value(next(tokens), tokens))
            separator = next(tokens)
        return _closed(values, separator, "]")
    if token in {"]", "}", ",", "end"}:
        raise ValueError(f"a value is missing before {token!r}")
    if token.startswith("'"):
        return token[1:-1]
    if re.fullmatch(r"-?[\d_]+", token):
        if not re.fullmatch(rf"{FIGURE}|\d{{4}}", token):
            raise ValueError(f"neither cents nor a year: {token}; a text stands in quotes")
        return int(token)
    return None if token == "null" else token


def _closed(value: Any, last: str, closing: str) -> Any:
    if last != closing:
        raise ValueError(f"{closing!r} is missing, there is {last!r}")
    return value


def read_line_label(label: str) -> Json:
    if not re.fullmatch(LINE, label):
        raise ValueError(f"no line: {label!r}")
    if "/" not in label:
        return a_line(label)
    members = ("chapter", "article", "function", "operation")
    codes = [None if code == "–" else code for code in label.split("/")]
    return dict(zip(members, codes, strict=True))
