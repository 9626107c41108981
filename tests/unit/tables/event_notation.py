"""The events of a row, in lines that a finance officer can read. Figures are cents.

    vote 100; award 100; convention 100             a grant, its convention signed
    award 60 on 489 + 40 on 490                     on two budget lines
    convention [advance 60, balance 40]             in instalments
    payment 40 of C/balance                         of C/advance where no order is named
    C/advance rejected                              what the accountant says of an order
    recovery 30; collection 30, next year           asked back; back, in the next year's budget
    report certified_accounts 2022                  a document, and of which year
    closing all; closing [C, D]                     what a closed year carries over
    PAID                                            events that the module names so
    accounts 90                                     an event that a function of the module builds

An instalment may be due `at notification`, or `against activity_report 2022 and evaluation 2022`,
and stand `with ceiling`. An amount may be shared by services: `60 on 489 (EMPLOI 35, JEUNESSE 25)`.
Behind a comma stands what the rule is about, by the member's name: `recovery 41, recovery S`,
`award 100, grant H`, `report, id again`; `next year` is the next year's budget, `no bank_account`
leaves a member out. All else is as in `tests.builders`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from services.ledger.domain.model.orders import OrderState
from tests import builders
from tests.builders import NEXT_BUDGET, Json, an_act, an_amount, an_instalment
from tests.unit.tables.notation import FIGURE, LINE, read_facts, read_line_label

ENVELOPE = {"id", "source", "time", "subject"}
INSTALMENT = re.compile(
    r"(\S+) ([^[]+?)"
    r"(?: at (\w+)| against (\w+ \d{4}(?: and \w+ \d{4})*))?"
    r"( with ceiling)?"
)

NO_NAMES: Mapping[str, Any] = MappingProxyType({})


def read_events(text: str, names: Mapping[str, Any] = NO_NAMES) -> list[Json]:
    """Read what happens, in its order; `names` are those of the module."""
    events: list[Json] = []
    for statement in split(re.sub(r"\s*\n\s*", " ", text.strip()), ";"):
        event = _read_statement(statement, names)
        events += event if isinstance(event, list) else [event]
    return events


def _read_statement(statement: str, names: Mapping[str, Any]) -> Any:
    if re.fullmatch(r"[A-Z][A-Z_0-9]*", statement):
        if statement not in names:
            raise ValueError(f"no events have the name {statement}")
        return names[statement]
    head, *members = split(statement, ",")
    more = dict(_read_member(each) for each in members)
    for pattern, build in EVENTS.items():
        if match := re.fullmatch(pattern, head):
            return build(more, *match.groups())
    word, *values = split(head, " ")
    function = names.get(word)
    if function is None:
        raise ValueError(f"no event of the notation: {statement!r}")
    return function(*(_read_argument(each, names) for each in values), **more)


def split(text: str, separator: str) -> list[str]:
    """Split a text outside of brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == "'"
        depth += 0 if quoted else (character in "[{(") - (character in "]})")
        if character == separator and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    if depth or quoted:
        raise ValueError(f"a bracket or quote is open: {text!r}")
    return [each.strip() for each in parts]


def _read_argument(text: str, names: Mapping[str, Any]) -> Any:
    return names[text] if text in names else _read_value(text)


def _read_value(text: str) -> Any:
    return _read_truth(read_facts(f"value {text}")["value"])


def _read_truth(value: Any) -> Any:
    """Take `true` and `false` as such, wherever they stand."""
    if isinstance(value, dict):
        return {name: _read_truth(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_read_truth(each) for each in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _read_member(text: str) -> tuple[str, Any]:
    """Read `name value`: a member of the event's data, or an attribute of its envelope."""
    if text == "next year":
        return "budget", NEXT_BUDGET
    if text == "without convention":
        return "requires_convention", False
    name, _, value = text.partition(" ")
    if name == "no":
        return value, ...
    if name == "act" and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return name, an_act(value)
    if name == "instalments":
        return name, read_instalments(value)
    return f"_{name}" if name in ENVELOPE else name, _read_value(value)


def read_amounts(text: str) -> list[Json]:
    """Read `60 on 489 + 40 on 490`, or `100` of the line that is meant where none is named."""
    return [_read_amount(each) for each in split(text, "+")]


def _read_amount(text: str) -> Json:
    match = re.fullmatch(rf"({FIGURE})(?: on ({LINE}))?(?: \((.+)\))?", text)
    if match is None:
        raise ValueError(f"no amount: {text!r}")
    cents, line, services = match.groups()
    shares: Json = {} if services is None else {"services": dict(_read_shares(services))}
    return an_amount(int(cents), line=line and _read_line(line), **shares)


def _read_line(label: str) -> Json:
    """Read a budget line; an event leaves out what its line has not."""
    return {name: code for name, code in read_line_label(label).items() if code is not None}


def _read_shares(text: str) -> Iterator[tuple[str, int]]:
    for each in split(text, ","):
        code, _, cents = each.partition(" ")
        yield code, int(cents)


def read_instalments(text: str) -> list[Json]:
    """Read `[advance 60, balance 40 against activity_report 2022]`."""
    inside = text[1:-1].strip()
    return [_read_instalment(each) for each in split(inside, ",")] if inside else []


def _read_instalment(text: str) -> Json:
    match = INSTALMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"no instalment: {text!r}")
    name, amounts, trigger, documents, ceiling = match.groups()
    more: Json = {"lines": read_amounts(amounts)}
    if trigger:
        more["trigger"] = trigger
    if documents:
        pairs = [each.split(" ") for each in documents.split(" and ")]
        more["documents"] = [(kind, int(year)) for kind, year in pairs]
    if ceiling:
        more["ceiling"] = True
    return an_instalment(name=name, **more)


Builder = Callable[..., Json]


def _on_lines(build: Builder, member: str) -> Builder:
    """An event about amounts on budget lines, each named or meant."""
    return lambda more, amounts: build(**{member: read_amounts(amounts)} | more)


def _of_a_sum(build: Builder) -> Builder:
    """An event about a sum, or about amounts on lines where any is named."""

    def read(more: Json, amounts: str | None) -> Json:
        if amounts is None:
            return build(**more)
        if " on " in amounts:
            return build(lines=read_amounts(amounts), **more)
        return build(int(amounts), **more)

    return read


def _in_instalments(build: Builder) -> Builder:
    """A convention or amendment: in one instalment, or in those that are named."""

    def read(more: Json, text: str | None) -> Json:
        if text is None:
            return build(**more)
        if text.startswith("["):
            return build(instalments=read_instalments(text), **more)
        return build(int(text), **more)

    return read


def _of_a_document(build: Builder) -> Builder:
    def read(more: Json, kind: str | None, year: str | None) -> Json:
        named: Json = {} if kind is None else {"kind": kind, "year": int(year or "2022")}
        return build(**named, **more)

    return read


def _alone(build: Builder) -> Builder:
    return lambda more: build(**more)


def _vote_further(more: Json, stage: str, amounts: str) -> Json:
    return builders.a_vote(stage=stage, appropriations=read_amounts(amounts), **more)


def _pay(more: Json, cents: str | None, order: str | None) -> Json:
    named: Json = {} if cents is None else {"amount_cents": int(cents)}
    if order is not None:
        named["order"] = order
    return builders.a_payment(**named, **more)


def _acknowledge(more: Json, order: str, state: str) -> Json:
    return builders.an_acknowledgement(state, order, **more)


def _close(more: Json, carried: str) -> Json:
    return builders.a_closing(_read_value(carried), **more)


def _transfer(more: Json, cents: str, from_line: str, to_line: str) -> Json:
    lines: Json = {"from_line": _read_line(from_line), "to_line": _read_line(to_line)}
    return builders.a_transfer(int(cents), **lines | more)


def _name_account(more: Json, iban: str | None) -> Json:
    return builders.a_new_account(**({} if iban is None else {"iban": iban}), **more)


def _let_deadline_pass(more: Json, kind: str) -> Json:
    return builders.a_deadline(kind, **more)


def _review(more: Json, sequence: str) -> Json:
    return builders.a_review(int(sequence), **more)


AMOUNTS = rf"(-?{FIGURE}\b.*)"
EVENTS: dict[str, Builder] = {
    "vote": _alone(builders.a_vote),
    rf"vote {AMOUNTS}": _on_lines(builders.a_vote, "appropriations"),
    rf"(\w+) vote {AMOUNTS}": _vote_further,
    rf"transfer ({FIGURE}) from ({LINE}) to ({LINE})": _transfer,
    "award": _alone(builders.an_award),
    rf"award {AMOUNTS}": _on_lines(builders.an_award, "lines"),
    "concurring act": _alone(builders.a_concurring_act),
    "withdrawal": _alone(builders.a_withdrawal),
    rf"convention(?: ({FIGURE}|\[.*\]))?": _in_instalments(builders.a_convention),
    rf"amendment(?: ({FIGURE}|\[.*\]))?": _in_instalments(builders.an_amendment),
    "notification": _alone(builders.a_notification),
    "suspension": _alone(builders.a_suspension),
    "resumption": _alone(builders.a_resumption),
    "termination": _alone(builders.a_termination),
    rf"reduction {AMOUNTS}": _on_lines(builders.a_reduction, "lines"),
    r"report(?: (\w+) (\d{4}))?": _of_a_document(builders.a_report),
    r"rejected report(?: (\w+) (\d{4}))?": _of_a_document(builders.a_rejected_report),
    r"new account(?: (\w+))?": _name_account,
    rf"(\S+/\S+) ({'|'.join(OrderState)})": _acknowledge,
    rf"payment(?: ({FIGURE}))?(?: of (\S+))?": _pay,
    rf"recovery(?: {AMOUNTS})?": _of_a_sum(builders.a_recovery),
    rf"collection(?: {AMOUNTS})?": _of_a_sum(builders.a_collection),
    r"closing (all|none|\[.*\])": _close,
    r"deadline (\w+)": _let_deadline_pass,
    r"review (\d+)": _review,
    "withdrawn event": _alone(builders.a_withdrawn_event),
}
