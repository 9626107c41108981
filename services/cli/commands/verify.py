"""`ecluse verify`: prove a journal, hold it to a seal, decide it again by the present rules."""

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from events.masking import mask
from events.texts import _, ngettext
from services.cli.commands.proofs import (
    EXIT_DISPROVED,
    Journal,
    Without,
    choose_journal,
    prove,
    read,
    reading_key,
    show,
)
from services.cli.records.journal_source import Database, Exported
from services.cli.terminal.options import AsJson, OfBudget, flag
from services.cli.terminal.output import bad_option, print_json
from services.cli.terminal.screen import Cells, Screen
from services.cli.terminal.texts import OUTCOME, counts
from services.ledger.application.redecide import Difference, Redecision, RedecisionResult
from services.ledger.domain.journal import RULES_VERSION
from services.verifier.findings import Code, Findings, Place, UnreachableError, shorten
from services.verifier.journal_proof import Row
from services.verifier.records import Json
from services.verifier.report import Note, Remark, Report
from services.verifier.seals import NotASealError, SealedChains
from services.verifier.signing import (
    is_signed_by,
    read_public_key,
    read_seal,
)

FACT_MAX = 300
"""How much of one fact of a difference a person is shown."""

CHAINS_NAMED = 20
"""The most chains that are named of those that a seal does not cover."""

HELD = ngettext(
    "seal of {sealed_at}: {count} chain compared", "seal of {sealed_at}: {count} chains compared"
)
REDECIDED = _(
    "{records} read, of them {dead_letters}, which cannot be decided again; "
    "rules {versions} in the journal, {present} now: {differing} decided otherwise"
)
NOT_REDECIDED = _("A journal that is not proved is not decided again.")
NEEDS_FILE = _("of a journal in a file or a database alone: give --journal or --db too")
NEEDS_SEAL = _("this is the key of a seal: give --seal too")
NO_SEAL = _("{path} holds no seal: {why}")
NO_KEY = _("{path} holds no public Ed25519 key (PEM)")


class LoadedSeal(NamedTuple):
    """A seal against which a journal is held."""

    seal: Json | None
    chains: SealedChains | None
    """None where nobody signed it."""
    remarks: list[Remark]


def verify_journal(
    db: Database = None,
    journal: Exported = None,
    budget: OfBudget = None,
    without: Without = None,
    seal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hold it against a seal of `ecluse seal` too."),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The seal must be signed by this key (PEM)."),
    ] = None,
    redecide: Annotated[
        bool, flag("--redecide", "Decide all again by the present rules: what differs?")
    ] = False,
    as_json: AsJson = False,
    figures: Annotated[bool, flag("--figures", "With --json: the recomputed figures too.")] = False,
) -> None:
    """Prove a journal by a second implementation: its chains, balances, orders; exit 1 if wrong.

    On Kafka also what the ledger published, and that every event is there once.
    Not proved are review flags, the wording of messages (docs/contract.md, 4),
    and what the treasury published: `ecluse reconcile` compares its tables.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    meant, findings = choose_journal(db, journal, budget, without), Findings()
    if meant.without and db is None and journal is None:
        raise bad_option("--without", NEEDS_FILE)
    held = _read_seal(seal, public_key, budget, findings)
    report = prove(meant, findings, held.chains)
    report.remarks += held.remarks + _find_unsealed(report, held, budget)
    again = _redecide(meant) if redecide and report.proved else None
    if as_json:
        print_json(_row(report, held, again, figures=figures))
    else:
        screen = Screen()
        show(screen, report)
        if held.seal is not None and held.chains is not None:
            sealed_at = held.seal["statement"]["sealed_at"]
            screen.say(HELD.render(len(held.chains.chains), sealed_at=sealed_at))
        if again is not None:
            _show_differences(screen, again)
        elif redecide:
            screen.say(NOT_REDECIDED)
    if not report.proved or (again is not None and again.differences):
        raise typer.Exit(EXIT_DISPROVED)


def _row(
    report: Report,
    held: LoadedSeal,
    again: RedecisionResult | None,
    *,
    figures: bool,
) -> Json:
    row = report.row()
    if held.seal is not None:
        chains = 0 if held.chains is None else len(held.chains.chains)
        row["seal"] = {"sealed_at": held.seal["statement"]["sealed_at"], "chains": chains}
    if again is not None:
        row["redecided"] = again.row()
    return row | ({"figures": report.figures} if figures else {})


def _read_seal(
    path: Path | None, public_key: Path | None, budget: str | None, findings: Findings
) -> LoadedSeal:
    """The seal, if its signature holds; what does not is found."""
    if path is None:
        if public_key is not None:
            raise bad_option("--public-key", NEEDS_SEAL)
        return LoadedSeal(None, None, [])
    place = Place(path.name)
    try:
        with reading_key("--public-key", public_key, NO_KEY):
            seal = read_seal(path)
            given = None if public_key is None else read_public_key(public_key.read_bytes())
    except NotASealError as error:
        raise UnreachableError(
            NO_SEAL.render({"path": path, "why": shorten(str(error))})
        ) from error
    own = read_public_key(seal["public_key"].encode())
    if not is_signed_by(seal, own if given is None else given):
        by_another = given is not None and is_signed_by(seal, own)
        findings.add(Code.SEAL_KEY_DIFFERS if by_another else Code.SEAL_FORGED, place)
        return LoadedSeal(seal, None, [])
    remarks = [Remark(Note.SEAL_KEY)] if given is None else []
    return LoadedSeal(seal, SealedChains(seal["statement"], findings, budget), remarks)


def _find_unsealed(report: Report, held: LoadedSeal, budget: str | None) -> list[Remark]:
    """The chains of which the seal says nothing, of those that were asked for."""
    if held.chains is None:
        return []
    asked = report.chains if budget is None else report.chains & {budget}
    names = sorted(asked - held.chains.chains)
    if not names:
        return []
    more = ["…"] if len(names) > CHAINS_NAMED else []
    chains = ", ".join(names[:CHAINS_NAMED] + more)
    return [Remark(Note.UNSEALED, {"count": len(names), "chains": chains})]


def _redecide(journal: Journal) -> RedecisionResult:
    deciding = Redecision()

    def take(row: Row) -> None:
        deciding.read(row.raw)  # Where it stands was proved before.

    read(journal, take)
    return deciding.end()


def _show_differences(screen: Screen, redecided: RedecisionResult) -> None:
    columns = ("budget", "sequence", "event", "member", "recorded", "now")
    screen.show_list("differences", columns, redecided.differences, _difference_rows)
    facts = {
        **counts(records=redecided.records, dead_letters=redecided.dead_letters),
        "differing": len(redecided.differences),
        "versions": ", ".join(map(str, sorted(redecided.rules_versions))) or "–",
        "present": RULES_VERSION,
    }
    screen.say(REDECIDED.render(facts))


def _difference_rows(difference: Difference) -> list[Cells]:
    place: Cells = (difference.budget, difference.sequence, difference.event_id or "–")
    rows: list[Cells] = []
    for change in difference.changes:
        facts = (_show_fact(change.member, each) for each in (change.recorded, change.now))
        rows.append((*(("", "", "") if rows else place), change.member, *facts))
    return rows


def _show_fact(member: str, fact: Any) -> object:
    if fact is None:
        return "–"
    if member == "outcome":
        return OUTCOME[str(fact)]
    text: str = mask(json.dumps(fact, ensure_ascii=False))
    return text if len(text) <= FACT_MAX else text[:FACT_MAX] + "…"
