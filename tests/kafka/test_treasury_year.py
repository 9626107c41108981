"""The Lille Avenirs year to the public accountant and back, with a rejection on the way."""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from lxml import etree

from events import topics
from services.treasury.domain.slips import SlipState
from tests.builders import IBAN, OTHER_IBAN, Json, a_new_account, encoded
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.cluster import Cluster
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.finance_office import HEAD, FinanceOffice, Sent
from tests.kafka.processes import Watcher
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import lose_tables
from tests.treasury import pes_rules
from tests.treasury.return_files import (
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
)
from tests.waiting import eventually

PARTITIONS = 2

EVENTS = EXAMPLE.read_bytes().splitlines()
TO_THE_CONVENTION, REPORTS = EVENTS[:4], EVENTS[6:8]
"""The events of the town in that year; those of the treasury come of returns here."""

ADVANCE, ADVANCE_AGAIN, BALANCE = (
    f"CONV-2023-LILLE-AVENIRS/{name}" for name in ("avance", "avance/2", "solde")
)
LINES = {"489": "677800.00", "1978": "378500.00", "490": "75500.00"}
TOTAL_CENTS = 113_180_000
PART_CENTS = 40_000_000

OF_THE_TOWN = len(TO_THE_CONVENTION) + 1 + len(REPORTS)
"""Events: the year's, and the new account."""
OF_RETURNS = 10
"""Events: a rejection, two orders taken in charge, seven payments of lines."""

Files = dict[str, bytes]


def values(content: bytes, name: str) -> list[str]:
    """The values of all elements of this name in a file."""
    return [each.get("V", "") for each in etree.fromstring(content).iter(name)]


def check_file(slip: Sent, order: str, number: int, iban: str, cumulative: str) -> None:
    """A slip's file keeps the public rules, and pays this order to this account."""
    assert [] == pes_rules.broken(slip.content)
    assert (number, {number: order}) == (slip.number, slip.pieces)
    assert ["1131800.00"] == values(slip.content, "MtBordHT")
    assert [cumulative] == values(slip.content, "MtCumulAnnuel")
    amounts = values(slip.content, "CptAna"), values(slip.content, "MtHT")
    assert LINES == dict(zip(*amounts, strict=True))
    assert {iban} == set(values(slip.content, "IBAN"))
    assert {order} == set(values(slip.content, "LibVir1"))


def accepted(slip: Sent) -> bytes:
    """The gateway's answer to a slip: it is accepted."""
    element = an_element(1, NumBord=slip.number, ExerciceBord=2023)
    head = {"IdPost": HEAD["IdPost"], "CodCol": HEAD["CodColl"]}
    return an_answer(element, file_name=slip.nom_fic, head=head)


def a_piece(number: int, state: str, taken_on: str, *payments: tuple[Paid, ...]) -> Mandat:
    """A piece of ours by a return, with the payments of each of its lines."""
    lines = []
    for amount, its in zip(LINES.values(), payments, strict=True):
        total = sum((Decimal(each.amount) for each in its), Decimal("0.00"))
        lines.append(Line(amount, its, count=len(its), total=total))
    return Mandat(number, tuple(lines), {"EtatPce": state, "DtePcePec": taken_on})


def a_file(dated_on: str, pieces: Mapping[int, Mandat]) -> bytes:
    """A return of this day with the pieces of these slips."""
    slips = [a_slip(piece, number=number) for number, piece in pieces.items()]
    return a_return(*slips, head=HEAD | {"DteStr": dated_on})


REJECTED = Mandat(
    1,
    tuple(Line(amount, state="02") for amount in LINES.values()),
    {"DtePcePec": None, "EtatPce": "04", "ObsEtat": "09", "DtePceRej": "2023-05-22"},
)
FIRST = Paid("400000.00", on="2023-06-05")
REST = [(Paid(LINES[name], on="2023-06-12"),) for name in ("1978", "490")]
ADVANCE_PAID = a_piece(2, "05", "2023-05-30", (FIRST, Paid("277800.00", on="2023-06-12")), *REST)
BALANCE_PAID = a_piece(
    3, "05", "2023-07-06", *((Paid(amount, on="2023-07-17"),) for amount in LINES.values())
)

# Each tells the payments of its pieces from the first one on.
BANK_DETAILS = a_file("2023-05-23", {1: REJECTED})
A_PART = a_file("2023-06-06", {1: REJECTED, 2: a_piece(2, "02", "2023-05-30", (FIRST,), (), ())})
IN_FULL = a_file("2023-06-13", {2: ADVANCE_PAID})
ALL = a_file("2023-07-18", {2: ADVANCE_PAID, 3: BALANCE_PAID})


class Year:
    """The year at the finance office, step by step."""

    def __init__(self, office: FinanceOffice) -> None:
        self.office = office
        self.slips: list[Sent] = []
        self.files: Files = {}
        """All that came back, by the names of the files."""
        self.booked = 0
        """The messages of entries when the tables were restored."""

    def _answered(self, slip: Sent) -> None:
        self.slips.append(slip)
        self._come({f"acquit-{slip.number}.xml": accepted(slip)})
        assert SlipState.ACCEPTED == self.office.slips()[0]["state"]

    def _come(self, files: Files) -> None:
        self.files |= files
        self.office.put(files)

    def send_the_advance(self) -> None:
        self.office.publish(*TO_THE_CONVENTION)
        slip = self.office.send(ADVANCE)
        check_file(slip, ADVANCE, 1, IBAN, "1131800.00")
        self._answered(slip)

    def send_it_again_to_another_account(self) -> None:
        self._come({f"rejet-RIB-{IBAN}.xml": BANK_DETAILS})
        self.office.until_order_is(ADVANCE, "rejected")
        assert [] == self.office.object_of("slips", "waiting")["waiting"]
        self.office.publish(encoded(a_new_account()))
        slip = self.office.send(ADVANCE_AGAIN)
        check_file(slip, ADVANCE_AGAIN, 2, OTHER_IBAN, "2263600.00")
        self._answered(slip)

    def see_it_paid_in_two_parts(self) -> None:
        self._come({"retour-juin-1.xml": A_PART})
        self.office.until_order_is(ADVANCE_AGAIN, "taken_in_charge", PART_CENTS)
        (taken,) = self.office.take({"retour-juin-2.xml": IN_FULL})
        self.files["retour-juin-2.xml"] = IN_FULL
        assert ("taken", 3, 0) == (taken["outcome"], taken["events"], taken["findings"])
        self.office.until_order_is(ADVANCE_AGAIN, "paid", TOTAL_CENTS)

    def send_the_balance(self) -> None:
        self.office.publish(*REPORTS)
        slip = self.office.send(BALANCE)
        check_file(slip, BALANCE, 3, OTHER_IBAN, "3395400.00")
        self._answered(slip)
        self._come({"retour-juillet.xml": ALL})
        self.office.until_order_is(BALANCE, "paid", TOTAL_CENTS)

    def check_that_all_is_paid(self) -> None:
        """Compare the ledger with a replay of the year as published; all sides agree."""
        cluster = self.office.cluster
        cluster.wait_until_settled(topics.JOURNAL)
        balances = object_of(cluster, "balances")
        replayed = json.loads(ecluse("replay", EXAMPLE, "--json").out)
        for figures in ("lines", "conventions"):
            assert replayed[figures] == balances[figures]
        outcomes = {"accepted": OF_THE_TOWN + OF_RETURNS}
        assert dict.fromkeys(balances["outcomes"], 0) | outcomes == balances["outcomes"]
        assert [] == object_of(cluster, "verify", "--redecide")["findings"]
        self._check_that_nothing_differs()
        assert [] == self.office.object_of("findings", "list")["findings"]

    def _check_that_nothing_differs(self) -> None:
        """Entries are made at the treasury's next look at the journal: until then some lack."""
        said: list[Json] = []

        def agrees() -> bool:
            said.append(self.office.object_of("reconcile"))
            return ([], []) == (said[-1]["differences"], said[-1]["not_booked"])

        eventually(agrees, lambda: f"{said[-1]}")
        eventually(lambda: 0 == self.office.unsent(), "all sent")

    def bring_all_again(self) -> None:
        """Bring the same files in other orders and under other names: not one event more."""
        before, count = self.office.messages(), self._count()
        from_the_last = dict(reversed(self.files.items()))
        by_name = dict(sorted(renamed(self.files, "-2").items()))
        for files in (from_the_last, by_name, self.files):
            taken = self.office.take(files)
            assert [("taken", 0, 0)] * len(files) == [
                (each["outcome"], each["events"], each["findings"]) for each in taken
            ]
        self.office.put(renamed(from_the_last, "-3"))
        assert (before, count, 0) == (self.office.messages(), self._count(), self.office.unsent())

    def _count(self) -> list[int]:
        """The numbers of records that the ledger was sent, and that it wrote."""
        return [self.office.cluster.count(each) for each in (topics.EVENTS, topics.JOURNAL)]

    def restore(self) -> None:
        """Have the tables dropped, and made again of the topics: the same slips and bytes."""
        entries = self.office.object_of("entries")["entries"]
        events = [name for topic, name in self.office.messages() if topic == topics.EVENTS]
        lose_tables(self.office.url)
        restored = {"orders": 3, "slips": 3, "entries": len(entries), "events": len(events)}
        assert restored == self.office.object_of("treasury", "restore")
        assert entries == self.office.object_of("entries")["entries"] != []
        self.booked = self._count_entries()
        assert self.slips == [self.office.export(each.slip_id) for each in self.slips]
        assert [] == self.office.object_of("slips", "waiting")["waiting"]

    def _count_entries(self) -> int:
        return self.office.cluster.count(topics.ACCOUNTING_ENTRIES)

    def check_that_no_entry_was_sent_again(self) -> None:
        """Ask for entries that are due, and count their messages."""
        assert 0 == self.office.object_of("entries", "--book")["booked"]
        assert (self.booked, 0) == (self._count_entries(), self.office.unsent())

    def check_that_an_id_is_of_one_message(self) -> None:
        """Compare what was sent before the tables were lost with what was sent afterwards."""
        sent = (topics.EVENTS, topics.SLIPS, topics.ACCOUNTING_ENTRIES)
        for by_partition in self.office.cluster.read_all(sent).values():
            values = {each.value for records in by_partition.values() for each in records}
            assert 0 < len(values) == len({json.loads(each)["id"] for each in values})


def renamed(files: Files, suffix: str) -> Files:
    """The same files under other names, within them too."""
    inside = b"PES2R_DEP_1", f"PES2R_DEP{suffix}".encode()
    return {f"{suffix}-{name}": each.replace(*inside) for name, each in files.items()}


def is_well(cluster: Cluster, watch: Watcher) -> bool:
    """`ecluse lag` finds nothing wrong, and the treasury has read all its orders."""
    done = asked(cluster, "lag", "--json", ECLUSE_WATCH_URL=watch.url)
    if done.code != DONE:
        return False
    stages = {each["stage"]: each for each in json.loads(done.out)["stages"]}
    return ("OK", 0) == (stages["treasury"]["state"], stages["treasury"]["behind"])


@pytest.mark.timeout(180)
def test_the_year_goes_to_the_treasury_and_comes_back_paid(sqlite_url: str, stack: Stack) -> None:
    """Leaving each process searches its log for whole IBANs: one stands in a file's name."""
    office = FinanceOffice(stack, sqlite_url, stack.folder)
    year = Year(office)
    with (
        stack.ledger(),
        stack.projector(sqlite_url),
        stack.treasury(office.url, **office.environment) as treasury,
    ):
        year.send_the_advance()
        year.send_it_again_to_another_account()
        year.see_it_paid_in_two_parts()
        year.send_the_balance()
        year.check_that_all_is_paid()
        year.bring_all_again()

        assert 0 == treasury.stop()
        year.restore()
        treasury.start_again()
        # His answers were lost: they lead to the same events, which the tables know again.
        office.put(renamed(year.files, "-4"))
        assert [SlipState.ACCEPTED] * 3 == [each["state"] for each in office.slips()]
        year.check_that_all_is_paid()
        year.check_that_no_entry_was_sent_again()
        year.check_that_an_id_is_of_one_message()

        with stack.watch(ECLUSE_WATCH_DEADLINE_EVENTS="false") as watch:
            eventually(lambda: is_well(stack, watch), "not all is well")
