"""Files of the public accountant, each taken as a whole in one transaction, or not at all.

Whoever dies half way has taken nothing, and takes the file again: ids come of what happened, so
that nothing is published twice. Two files are taken one after the other.

A file is read in the thread that called, slice by slice: libxml2's memory is corrupted where one
parser is used by several threads in turn (seen: an abort at the next garbage collection).
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Translatable, _
from events.values import UNPRINTED
from services.treasury.domain.findings import (
    Finding,
    FindingKind,
    ReturnProblem,
    UnknownFinding,
    keep_text,
    text_of,
)
from services.treasury.domain.returned_pieces import ReturnHead
from services.treasury.domain.slips import TreasuryProblem
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.returned import (
    ANSWER_ROOTS,
    RETURN_ROOT,
    AcquitReader,
    GatewayError,
    ReturnReader,
)
from services.treasury.pes.safe_xml import FileRefused, XmlFile
from services.treasury.returns.answers import Verdict, take_answer
from services.treasury.returns.pieces import Codes, ReturnTaking, codes_of
from services.treasury.store.database import Clock, TreasuryStore
from services.treasury.store.findings import (
    FindingRow,
    close_finding,
    find_finding,
    list_findings,
    open_findings,
)
from services.treasury.store.tables import returns

SLICE: Final = 500
"""Pieces that are looked up and written together; those of other domains count."""

ROOT_SHOWN_MAX: Final = 120

RETURN: Final = "return"
ACQUIT: Final = "acquit"
UNREADABLE: Final = "unreadable"
TAKEN: Final = "taken"
REFUSED: Final = "refused"

WRONG_ROOT: Final = _("its root is {root}: it is neither a PES_Retour nor a PES_ACQUIT")
NOT_THEIRS: Final = _(
    "The file is of the entity {siret}, whose returns this access may not bring: nothing was taken."
)
UNSHOWN: Final = re.compile(rf"[{UNPRINTED}\ud800-\udfff]")
"""Characters that nobody is shown: the name of a file in a folder may be any bytes."""

NO_FINDING: Final = _("There is no finding {finding}.")
IS_CLOSED: Final = _("The finding {finding} was closed already.")
NO_REASON: Final = _("Give a reason: it stays with the finding.")


class ForeignReturn(TreasuryProblem):
    """A return is of an entity for which it may not be brought: nothing was taken."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The outcome of a file."""

    file_name: str
    sha256: str
    kind: str
    """`return`, `acquit` or `unreadable`."""
    outcome: str
    """`taken` or `refused`."""
    why: Translatable | None = None
    """Why it was refused."""
    pieces: int = 0
    events: int = 0
    """New ones: of a file that was taken before there are none."""
    findings: int = 0
    """New ones."""
    opened: tuple[FindingRow, ...] = ()
    """Of them the first hundred."""
    slip_id: str | None = None
    accepted: bool | None = None
    """The gateway's answer on this slip."""
    errors: tuple[GatewayError, ...] = ()
    """What it found, the first hundred."""
    dated_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A file that was read, as it stands in the tables."""

    sha256: str
    file_name: str
    kind: str
    received_at: datetime
    received_by: str
    dated_on: date | None
    outcome: str
    facts: dict[str, Any]

    @property
    def why(self) -> Translatable | None:
        """Why it was refused."""
        return text_of(self.facts["why"]) if "why" in self.facts else None


@dataclass(slots=True)
class FileBudget:
    """The budget of a file, once its head is read: it must be of these entities, None is all."""

    sirets: frozenset[str] | None
    budget: str | None = None

    def note(self, config: TreasuryConfig, head: ReturnHead) -> Codes:
        """The codes that a head names, of an entity for which the file may be brought.

        A budget that is not configured is one of the entity that is named: it sees the finding.
        """
        if head.siret is not None:
            self._check(head.siret)
            self.budget = f"{head.siret}-{head.budget_code}-{head.dated_on.year:04d}"
        codes = codes_of(config, head)
        self._check(codes.siret)
        self.budget = codes.budget(head.dated_on.year)
        return codes

    def _check(self, siret: str) -> None:
        if self.sirets is not None and siret not in self.sirets:
            raise ForeignReturn(NOT_THEIRS.render({"siret": siret}))


class Returns:
    """Returns, answers of the gateway, and findings.

    Raises:
        Unreachable: from any method, where the database does not answer.
    """

    def __init__(self, store: TreasuryStore, config: TreasuryConfig, clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock

    async def take(
        self, stream: BinaryIO, file_name: str, by: str, sirets: frozenset[str] | None = None
    ) -> FileOutcome:
        """Read a file to its end and take what it says; a second time nothing new comes of it.

        Args:
            stream: the file, from its beginning.
            file_name: its name, for people.
            by: who brings it.
            sirets: the entities for which they may; None is all.

        Raises:
            ForeignReturn: it is of a budget of another entity.
        """
        file_name = UNSHOWN.sub("\ufffd", file_name)
        file, kind, of_file = XmlFile(stream), UNREADABLE, FileBudget(sirets)
        try:
            kind = _kind_of(file.root())
            async with self._store.lock_returns() as connection:
                take = self._take_return if kind == RETURN else self._take_answer
                taken = await take(connection, file, file_name, of_file)
                await self._note(connection, taken, by)
                return taken
        except FileRefused as error:
            return await self._refuse(file, file_name, kind, error.text, of_file.budget, by)

    async def list_files(self, at_most: int | None = None) -> list[ReturnRow]:
        """The files that were read, the newest first; so many of them, or all."""
        asked = select(returns).order_by(returns.c.received_at.desc(), returns.c.sha256)
        async with self._store.reading() as connection:
            rows = await connection.execute(asked.limit(at_most))
            return [ReturnRow(**row._asdict()) for row in rows]

    async def findings(self, sirets: frozenset[str] | None, open_only: bool) -> list[FindingRow]:
        """The findings of these entities; those of no known one are listed to who sees all."""
        async with self._store.reading() as connection:
            return await list_findings(connection, sirets, open_only=open_only)

    async def find(self, finding_id: str) -> FindingRow | None:
        """A finding by its id."""
        async with self._store.reading() as connection:
            return await find_finding(connection, finding_id)

    async def close(self, finding_id: str, by: str, reason: str) -> FindingRow:
        """Close a finding.

        Raises:
            ReturnProblem: it is not there or closed, or the reason is empty.
        """
        why = reason.strip()
        if not why:
            raise ReturnProblem(NO_REASON)
        async with self._store.transaction() as connection:
            found = await find_finding(connection, finding_id, locked=True)
            if found is None:
                raise UnknownFinding(NO_FINDING.render({"finding": finding_id}))
            if found.closed_at is not None:
                raise ReturnProblem(IS_CLOSED.render({"finding": finding_id}))
            await close_finding(connection, finding_id, by, why, self._clock())
            closed = await find_finding(connection, finding_id)
        assert closed is not None, "it is locked until here"
        return closed

    async def _take_return(
        self,
        connection: AsyncConnection,
        file: XmlFile,
        file_name: str,
        of_file: FileBudget,
    ) -> FileOutcome:
        reader = ReturnReader(file)
        head = reader.head()
        codes = of_file.note(self._config, head)
        taking = ReturnTaking(connection, head, codes, file_name, self._clock())
        pieces = reader.pieces()
        while slice_ := list(islice(pieces, SLICE)):
            await asyncio.sleep(0)
            await taking.take([each for each in slice_ if each is not None])
        counts = taking.counts
        return FileOutcome(
            file_name,
            file.sha256(),
            RETURN,
            TAKEN,
            pieces=counts.pieces,
            events=counts.events,
            findings=counts.findings,
            opened=tuple(taking.opened),
            dated_on=head.dated_on,
        )

    async def _take_answer(
        self,
        connection: AsyncConnection,
        file: XmlFile,
        file_name: str,
        of_file: FileBudget,
    ) -> FileOutcome:
        reader, now = AcquitReader(file), self._clock()
        answered, head = reader.head()
        codes = of_file.note(self._config, head)
        verdict = await Verdict.combine(reader.answers())
        slip_id, found = await take_answer(connection, head, codes, answered, verdict, now)
        opened = await open_findings(connection, found, file_name, now)
        return FileOutcome(
            file_name,
            file.sha256(),
            ACQUIT,
            TAKEN,
            findings=len(opened),
            opened=tuple(opened),
            slip_id=slip_id,
            accepted=verdict.accepted,
            errors=tuple(verdict.errors),
            dated_on=head.dated_on,
        )

    async def _refuse(
        self,
        file: XmlFile,
        file_name: str,
        kind: str,
        why: Translatable,
        budget: str | None,
        by: str,
    ) -> FileOutcome:
        digest = file.sha256()
        finding = Finding(
            FindingKind.FILE_REFUSED, {"sha256": digest, "why": keep_text(why)}, budget
        )
        async with self._store.lock_returns() as connection:
            opened = await open_findings(connection, [finding], file_name, self._clock())
            taken = FileOutcome(
                file_name,
                digest,
                kind,
                REFUSED,
                why,
                findings=len(opened),
                opened=tuple(opened),
            )
            await self._note(connection, taken, by)
        return taken

    async def _note(self, connection: AsyncConnection, taken: FileOutcome, by: str) -> None:
        """Keep what became of a file the first time, and the first time that it is taken."""
        asked = select(returns.c.outcome).where(returns.c.sha256 == taken.sha256)
        former = await connection.scalar(asked)
        row = {
            "sha256": taken.sha256,
            "file_name": taken.file_name,
            "kind": taken.kind,
            "received_at": self._clock(),
            "received_by": by,
            "dated_on": taken.dated_on,
            "outcome": taken.outcome,
            "facts": _facts(taken),
        }
        if former is None:
            await connection.execute(insert(returns).values(row))
        elif (former, taken.outcome) == (REFUSED, TAKEN):
            of_file = returns.c.sha256 == taken.sha256
            await connection.execute(update(returns).where(of_file).values(row))


def _kind_of(root: str) -> str:
    if root == RETURN_ROOT:
        return RETURN
    if root in ANSWER_ROOTS:
        return ACQUIT
    shown = root.removeprefix("{").replace("}", " ")
    raise FileRefused(WRONG_ROOT.render({"root": shown[:ROOT_SHOWN_MAX]}))


def _facts(taken: FileOutcome) -> dict[str, Any]:
    """The facts about a file that the tables keep."""
    if taken.why is not None:
        return {"why": keep_text(taken.why)}
    if taken.kind == ACQUIT:
        return {
            "slip_id": taken.slip_id,
            "accepted": taken.accepted,
            "findings": taken.findings,
        }
    return {"pieces": taken.pieces, "events": taken.events, "findings": taken.findings}
