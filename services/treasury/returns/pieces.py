"""The pieces of a return, taken slice by slice within the transaction of the whole file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.payments import PaymentExecuted
from events.texts import _
from events.topics import EVENTS
from services.treasury.domain import findings
from services.treasury.domain.findings import Finding
from services.treasury.domain.returned_pieces import (
    REJECTED,
    KnownPiece,
    ListedPayments,
    Payment,
    PieceState,
    ReturnedPiece,
    ReturnHead,
    UnreadPiece,
    list_facts,
)
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.safe_xml import FileRefused
from services.treasury.returns.own_events import OwnEventRow, write_own_events
from services.treasury.returns.rules import OwnEvent, PieceOutcome, is_accountants_own, judge_piece
from services.treasury.store import outbox
from services.treasury.store.findings import FindingRow, open_findings, refusals
from services.treasury.store.outbox import Outgoing
from services.treasury.store.slips import note_taken_back
from services.treasury.store.tables import (
    orders,
    own_events,
    piece_payments,
    piece_states,
    pieces,
    slips,
)

UNANSWERED: Final = (SlipState.ISSUED, SlipState.REFUSED)
"""States of slips that the gateway did not accept: Hélios has them where a return has a piece."""

SENT: Final = (*UNANSWERED, SlipState.ACCEPTED)
"""States of slips of which a return may tell; of a refused one too, which is a finding."""

WRONG_BUDGET: Final = _(
    "it is of post {post}, entity {collectivity} ({siret}), budget {budget_code}, which is none of"
    " ECLUSE_TREASURY_FILE"
)

PIECE: Final = (
    *(pieces.c[name] for name in ("slip_id", "budget", "payment_order", "number", "amount_cents")),
    slips.c.slip_type,
    orders.c.traceparent,
)
OF_ORDER: Final = (orders.c.budget == pieces.c.budget) & (
    orders.c.payment_order == pieces.c.payment_order
)
EVENT: Final = tuple(
    own_events.c[name] for name in ("event_id", "budget", "payment_order", "event_type", "facts")
)
OF_PIECE: Final = tuple_(piece_states.c.slip_id, piece_states.c.piece_number)
OF_PAYMENTS: Final = tuple_(piece_payments.c.slip_id, piece_payments.c.piece_number)

OPENED_MAX: Final = 100
"""Findings of one return that are named; all are kept."""

PieceKey = tuple[str, int]
"""Slip and number of a piece of ours."""

Pieces = dict[PieceKey, KnownPiece]


@dataclass(frozen=True, slots=True)
class Codes:
    """A budget whose codes the accountant gives (IdPost, CodColl, CodBud), in any year."""

    siret: str
    code: str
    payers: frozenset[str]

    def budget(self, year: int) -> str:
        """The budget of a year."""
        return f"{self.siret}-{self.code}-{year:04d}"

    def is_of(self, budget: str) -> bool:
        """True of this budget in any year."""
        return budget.startswith(f"{self.siret}-{self.code}-")


def codes_of(config: TreasuryConfig, head: ReturnHead) -> Codes:
    """The budget that a head names; of the entity that it names (IdColl), where it does.

    Raises:
        FileRefused: the configuration has none of these codes.
    """
    named = (head.post, head.collectivity, head.budget_code)
    for siret, entity in config.entities.items():
        if head.siret not in {None, siret}:
            continue
        for code in entity.budgets:
            found = config.find_budget(f"{siret}-{code}-{head.dated_on.year}")
            if found is not None and named == (found.id_post, found.cod_col, found.cod_bud):
                return Codes(siret, code, frozenset(found.org_ema))
    post, collectivity, budget_code = named
    raise FileRefused(
        WRONG_BUDGET.render(
            {
                "post": post,
                "collectivity": collectivity,
                "siret": head.siret or findings.UNKNOWN,
                "budget_code": budget_code,
            }
        )
    )


@dataclass(slots=True)
class Counts:
    """Counts of a return's outcomes."""

    pieces: int = 0
    events: int = 0
    """Of these the new ones."""
    findings: int = 0


@dataclass(slots=True)
class _News:
    """News in a slice of a return."""

    events: list[OwnEvent] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    states: dict[PieceKey, PieceState] = field(default_factory=dict)
    listed: set[PieceKey] = field(default_factory=set)
    """Pieces of whose payments the return says the newest."""
    in_helios: set[str] = field(default_factory=set)
    """Slips that Hélios has, for the return has news of a piece."""


@dataclass(slots=True)
class ReturnTaking:
    """The taking of one return, in one transaction."""

    connection: AsyncConnection
    head: ReturnHead
    codes: Codes
    file_name: str
    now: datetime
    counts: Counts = field(default_factory=Counts)
    opened: list[FindingRow] = field(default_factory=list)
    """The findings that were opened, up to a number."""
    _slips: dict[str, dict[tuple[str, int], str]] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _unanswered: set[str] = field(default_factory=set)

    async def take(self, read: Sequence[ReturnedPiece | UnreadPiece]) -> None:
        """Take a slice of pieces: match them with ours, judge each, write what is new."""
        news = _News()
        ours = await self._match(read, news)
        known, event_ids = await self._read_known({key for _piece, key in ours})
        for piece, key in ours:
            self._judge(piece, key, known, event_ids, news)
        await self._write(news)
        await self._note_taken_back(news.states, known)
        await self._accept(news.in_helios & self._unanswered)
        await self._write_payments({key: known[key].listed for key in news.listed})
        self.counts.pieces += len(read)

    async def _match(
        self, read: Sequence[ReturnedPiece | UnreadPiece], news: "_News"
    ) -> list[tuple[ReturnedPiece, PieceKey]]:
        """Match pieces with those of slips that were sent; what is none of ours is a finding."""
        ours = []
        for piece in read:
            if isinstance(piece, UnreadPiece):
                year = (piece.slip or self.head.dated_on).year
                finding = findings.unread_piece(piece, self.head, self.codes.budget(year))
                news.findings.append(finding)
                continue
            budget = self.codes.budget(piece.slip.year)
            if is_accountants_own(piece):
                news.findings.append(findings.accountants_piece(piece, budget))
                continue
            slip_id = await self._find_slip(budget, piece)
            if slip_id is None or piece.number is None:
                finding = findings.unknown_piece(piece, self.head, budget, slip_id)
                news.findings.append(finding)
            else:
                ours.append((piece, (slip_id, piece.number)))
            if slip_id in self._refused:
                news.findings.append(findings.report_refused_slip(piece, budget, slip_id))
        return ours

    def _judge(
        self,
        piece: ReturnedPiece,
        key: PieceKey,
        known: Pieces,
        event_ids: set[str],
        news: "_News",
    ) -> None:
        """Judge a piece of a slip of ours; what it says is known of the next of the same number."""
        before = known.get(key)
        if before is None:
            budget = self.codes.budget(piece.slip.year)
            news.findings.append(findings.unknown_piece(piece, self.head, budget, key[0]))
            return
        outcome = judge_piece(piece, self.head, before, self.codes.payers)
        new = [each for each in outcome.events if each.event_id not in event_ids]
        event_ids.update(each.event_id for each in new)
        known[key] = _add_news(before, outcome, new)
        news.events += new
        news.findings += outcome.findings
        if outcome.state is not None:
            news.states[key] = outcome.state
        if outcome.state is not None or new:
            news.in_helios.add(key[0])
        if outcome.listed:
            news.listed.add(key)

    async def _find_slip(self, budget: str, piece: ReturnedPiece) -> str | None:
        """The slip of ours on which a piece stands; Hélios cannot know one that never left."""
        if budget not in self._slips:
            columns = (slips.c.slip_id, slips.c.slip_type, slips.c.number, slips.c.state)
            sent = select(*columns).where(
                slips.c.budget == budget,
                slips.c.state.in_(SENT),
                slips.c.exported_at.is_not(None),
            )
            rows = (await self.connection.execute(sent)).all()
            self._slips[budget] = {(row.slip_type, row.number): row.slip_id for row in rows}
            self._refused |= {row.slip_id for row in rows if row.state == SlipState.REFUSED}
            self._unanswered |= {row.slip_id for row in rows if row.state in UNANSWERED}
        if piece.slip.number is None:
            return None
        return self._slips[budget].get((piece.slip.slip_type, piece.slip.number))

    async def _read_known(self, keys: set[PieceKey]) -> tuple[Pieces, set[str]]:
        """Known facts about these pieces, and the ids of the events that were made of them."""
        if not keys:
            return {}, set()
        asked = select(*PIECE).join(slips, slips.c.slip_id == pieces.c.slip_id)
        asked = asked.outerjoin(orders, OF_ORDER)
        asked = asked.where(tuple_(pieces.c.slip_id, pieces.c.number).in_(keys))
        rows = (await self.connection.execute(asked)).all()
        of_states = select(piece_states).where(OF_PIECE.in_(keys))
        states = {
            (row.slip_id, row.piece_number): PieceState(
                row.state, row.dated_on, row.state_on, row.reason
            )
            for row in await self.connection.execute(of_states)
        }
        of_payments = select(piece_payments).where(OF_PAYMENTS.in_(keys))
        listed = {
            (row.slip_id, row.piece_number): _read_listed(row.listed)
            for row in await self.connection.execute(of_payments)
        }
        of_events = select(*EVENT).where(
            own_events.c.budget.in_({row.budget for row in rows}),
            own_events.c.payment_order.in_({row.payment_order for row in rows}),
        )
        published = dict[tuple[str, str, int], list[Row[Any]]]()
        event_ids = set[str]()
        for row in await self.connection.execute(of_events):
            event_ids.add(row.event_id)
            of_piece = (row.budget, row.payment_order, row.facts["piece"])
            published.setdefault(of_piece, []).append(row)
        known = {
            (row.slip_id, row.number): _read_piece(
                row,
                states.get((row.slip_id, row.number)),
                published.get((row.budget, row.payment_order, row.number), []),
                listed.get((row.slip_id, row.number), {}),
            )
            for row in rows
        }
        return known, event_ids

    async def _write(self, news: "_News") -> None:
        if news.events:
            made = [
                OwnEventRow(
                    each.event_id,
                    each.budget,
                    each.payment_order,
                    each.event_type,
                    dict(each.facts),
                    self.now,
                )
                for each in news.events
            ]
            await write_own_events(self.connection, made)
            await self._note_former_refusals({each.event_id for each in news.events})
        leaving = [
            Outgoing(each.event_id, EVENTS, each.budget, each.encode()) for each in news.events
        ]
        await outbox.put(self.connection, leaving, self.now)
        await self._write_states(news.states)
        opened = await open_findings(self.connection, news.findings, self.file_name, self.now)
        self.opened += opened[: OPENED_MAX - len(self.opened)]
        self.counts.events += len(news.events)
        self.counts.findings += len(opened)

    async def _note_former_refusals(self, made: set[str]) -> None:
        """Note how the ledger refused these events when earlier tables sent them."""
        refused = await refusals(self.connection)
        for event_id in made & refused.keys():
            of_it = update(own_events).where(own_events.c.event_id == event_id)
            await self.connection.execute(of_it.values(refusal=refused[event_id]))

    async def _accept(self, in_helios: set[str]) -> None:
        """Note that Hélios has these slips, whatever the gateway answered or did not answer."""
        for slip_id in sorted(in_helios):
            still = (slips.c.slip_id == slip_id) & slips.c.state.in_(UNANSWERED)
            await self.connection.execute(
                update(slips).where(still).values(state=SlipState.ACCEPTED)
            )
        self._unanswered -= in_helios

    async def _write_states(self, states: dict[PieceKey, PieceState]) -> None:
        if not states:
            return
        await self.connection.execute(delete(piece_states).where(OF_PIECE.in_(states)))
        rows = [
            {
                "slip_id": slip_id,
                "piece_number": number,
                "state": state.name,
                "dated_on": state.file_on,
                "state_on": state.state_on,
                "reason": state.reason,
            }
            for (slip_id, number), state in states.items()
        ]
        await self.connection.execute(insert(piece_states), rows)

    async def _note_taken_back(self, states: dict[PieceKey, PieceState], known: Pieces) -> None:
        """Have orders wait to be taken back again whose piece the accountant rejected."""
        for key, state in states.items():
            piece, rejected = known[key], state.name == REJECTED
            if piece.slip_type is SlipType.CANCELLATION:
                of_it = (self.connection, piece.slip_id, piece.budget, piece.payment_order)
                await note_taken_back(*of_it, rejected=rejected)

    async def _write_payments(self, changed: dict[PieceKey, Mapping[int, ListedPayments]]) -> None:
        if not changed:
            return
        await self.connection.execute(delete(piece_payments).where(OF_PAYMENTS.in_(changed)))
        rows = [
            {"slip_id": slip_id, "piece_number": number, "listed": _write_listed(listed)}
            for (slip_id, number), listed in changed.items()
        ]
        await self.connection.execute(insert(piece_payments), rows)


def _read_listed(kept: Mapping[str, Any]) -> dict[int, ListedPayments]:
    """The payments of each line by the newest returns, as the tables have them."""
    return {
        int(line): ListedPayments(
            date.fromisoformat(file_on),
            Counter({(int(line), date.fromisoformat(on), cents): n for on, cents, n in payments}),
        )
        for line, (file_on, payments) in kept.items()
    }


def _write_listed(listed: Mapping[int, ListedPayments]) -> dict[str, Any]:
    return {
        str(line): [file_on.isoformat(), [each[1:] for each in list_facts(payments)]]
        for line, (file_on, payments) in listed.items()
    }


def _read_piece(
    row: Row[Any],
    state: PieceState | None,
    events: Iterable[Row[Any]],
    listed: Mapping[int, ListedPayments],
) -> KnownPiece:
    paid, states = Counter[Payment](), set[str]()
    for event in events:
        if event.event_type == PaymentExecuted.TYPE:
            paid[_read_payment(event.facts)] += 1
        else:
            states.add(event.facts["state"])
    return KnownPiece(
        row.slip_id,
        SlipType(row.slip_type),
        row.budget,
        row.number,
        row.payment_order,
        row.amount_cents,
        state,
        frozenset(states),
        paid,
        listed,
        row.traceparent,
    )


def _read_payment(facts: Any) -> Payment:
    return facts["line"], date.fromisoformat(facts["on"]), facts["amount_cents"]


def _add_news(known: KnownPiece, outcome: PieceOutcome, new: Sequence[OwnEvent]) -> KnownPiece:
    """The piece with what this return says of it: it may stand there twice."""
    of_payments = [each for each in new if each.event_type == PaymentExecuted.TYPE]
    states = {each.facts["state"] for each in new if each.event_type != PaymentExecuted.TYPE}
    return replace(
        known,
        state=outcome.state or known.state,
        published=known.published | states,
        paid=Counter(known.paid) + Counter(_read_payment(each.facts) for each in of_payments),
        listed={**known.listed, **outcome.listed},
    )
