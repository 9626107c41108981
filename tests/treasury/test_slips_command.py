"""`ecluse slips`: a day's work by the command, and what it leaves with."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from services.cli.commands.slips import save
from services.projector.tables import bank_accounts
from services.treasury.pes.writer import PesFile
from services.treasury.store.tables import booked
from tests.builders import BUDGET, IBAN, OTHER_IBAN, SIRET
from tests.integration.command import CommandResult, ecluse
from tests.treasury.databases import in_files, opened
from tests.treasury.orders import an_order, is_now, issued

SETTINGS = """
entities:
  "21590350100017":
    budgets:
      "00":
        IdPost: "059999"
        CodCol: "350"
"""


class Office:
    """A folder with both databases and the file of settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._url = in_files(folder)
        self._settings = folder / "treasury.yaml"
        self._settings.write_text(SETTINGS)

    def slips(self, *args: object, **env: str) -> CommandResult:
        return self.do("slips", *args, **env)

    def do(self, *args: object, **env: str) -> CommandResult:
        names = {"ECLUSE_DATABASE_URL": self._url, "ECLUSE_TREASURY_FILE": str(self._settings)}
        return ecluse(*args, given=b"", **names | env)

    def count_as_booked(self) -> None:
        async def go() -> None:
            async with opened(self._url) as both, both.store.transaction() as connection:
                await connection.execute(insert(booked), [{"budget": BUDGET, "sequence": 0}])

        asyncio.run(go())

    def json(self, *args: object) -> Any:
        done = self.slips(*args, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def issue_orders(self, *names: str, holder: str = "Lille Avenirs") -> None:
        async def go() -> None:
            account = {"iban": IBAN, "holder": holder}
            async with opened(self._url) as both:
                await issued(both, *(an_order(each, bank_account=account) for each in names))

        asyncio.run(go())

    def replace_account(self) -> None:
        row = {"budget": BUDGET, "siret": SIRET, "iban": OTHER_IBAN, "holder": "X", "sequence": 7}

        async def go() -> None:
            async with opened(self._url) as both, both.read_model.begin() as connection:
                await connection.execute(insert(bank_accounts), [row])

        asyncio.run(go())

    def lose_the_tables(self) -> None:
        for each in self.folder.glob("treasury.db*"):
            each.unlink()

    def cancel_order(self, name: str) -> None:
        async def go() -> None:
            async with opened(self._url) as both:
                await is_now(both, name, "cancelled")

        asyncio.run(go())


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


def test_a_day_of_slips_by_the_command(office: Office) -> None:
    assert office.slips("waiting").text == "No order waits for a slip.\n"
    office.issue_orders("C/advance", "D/advance")
    office.issue_orders("E/advance", holder="Компания")
    assert "3 orders wait, 2 of them ready." in office.slips("waiting").text
    waiting = office.json("waiting")["waiting"]
    assert [each["payment_order"] for each in waiting if not each["reasons"]] == [
        "C/advance",
        "D/advance",
    ]
    assert ["en", "fr"] == sorted(waiting[2]["reasons"][0])

    (draft,) = office.json("prepare")["prepared"]
    assert (draft["state"], draft["piece_count"], draft["number"]) == ("prepared", 2, None)
    slip_id = draft["slip_id"]
    slip = office.json("issue", slip_id)["slip"]
    assert (slip["state"], slip["number"], slip["amount_cents"]) == ("issued", 1, 200_000)
    again = office.slips("issue", slip_id)
    assert (again.code, again.text) == (1, "")
    assert f"Slip {slip_id} was issued by cli:" in again.err

    exported = office.json("export", slip_id, "-o", office.folder)
    file = Path(exported["file"])
    assert (file.parent, file.name) == (office.folder, slip["file_name"])
    assert office.slips("export", slip_id, "-o", "-").out == file.read_bytes()
    assert office.slips("cancel", slip_id).code == 1
    shown = office.json("show", slip_id)
    assert [each["number"] for each in shown["pieces"]] == [1, 2]
    assert [each["slip_id"] for each in office.json("show", "--budget", BUDGET)["slips"]] == [
        slip_id
    ]

    office.cancel_order("C/advance")
    (taken_back,) = office.json("prepare")["prepared"]
    assert (taken_back["slip_type"], taken_back["amount_cents"]) == ("02", 100_000)
    cancelled = office.json("cancel", taken_back["slip_id"])["slip"]
    assert cancelled["state"] == "cancelled"
    assert "cancelled" in office.slips("show").text


def test_an_order_whose_account_was_replaced_is_confirmed_by_the_command(office: Office) -> None:
    office.issue_orders("C/advance")
    office.replace_account()
    said = office.slips("waiting").text
    assert "1 order waits, 0 of them ready." in said
    assert f"`ecluse slips confirm C/advance --budget {BUDGET} --record 7`" in said
    (waiting,) = office.json("waiting")["waiting"]
    assert (7, "FR76…0185") == (waiting["to_confirm"], waiting["changes"][0]["new_account"])
    its = ("confirm", "C/advance", "--budget", BUDGET)
    early = office.slips(*its, "--record", 6)
    assert (1, True) == (early.code, "More happened to order C/advance" in early.err)
    done = office.slips(*its, "--record", 7)
    assert (0, True) == (done.code, "Order C/advance is to be paid all the same." in done.text)
    assert [] == office.json("waiting")["waiting"][0]["reasons"]
    again = office.slips(*its, "--record", 7)
    assert (1, True) == (again.code, "Nothing of order C/advance is to be confirmed" in again.err)
    assert 1 == len(office.json("prepare")["prepared"])


def test_an_order_that_changed_on_an_issued_slip_is_shown_and_confirmed(office: Office) -> None:
    office.issue_orders("C/advance")
    slip_id = f"{BUDGET}-S1"
    assert [0, 0] == [office.slips("prepare").code, office.slips("issue", slip_id).code]
    office.replace_account()
    refused = office.slips("export", slip_id, "-o", office.folder)
    assert (1, True) == (refused.code, "confirmed on the slip's page" in refused.err)
    (waiting,) = office.json("waiting")["waiting"]
    assert (slip_id, 7) == (waiting["slip_id"], waiting["to_confirm"])
    assert f"stands on slip {slip_id} already" in waiting["reasons"][-1]["en"]
    assert "order waits" not in office.slips("waiting").text, "none waits for a slip"
    assert 0 == office.slips("confirm", "C/advance", "--budget", BUDGET, "--record", 7).code
    assert [] == office.json("waiting")["waiting"]
    assert 0 == office.slips("export", slip_id, "-o", office.folder).code


def test_a_slip_behind_its_exercise_is_made_with_a_notice(office: Office) -> None:
    """This command's clock is today's, and the orders are of 2023."""
    office.issue_orders("C/advance")
    said = "lies outside exercise 2023 and its complementary period, which ends on 2024-01-31"
    prepared = office.slips("prepare")
    assert (0, True) == (prepared.code, said in prepared.err)
    slip_id = f"{BUDGET}-S1"
    assert 0 == office.slips("issue", slip_id).code
    assert said in office.json("show", slip_id)["slip"]["notice"]["en"]


def test_reconciliation_leaves_with_0_while_an_order_waits_and_says_how_many(
    office: Office,
) -> None:
    office.issue_orders("A/advance", holder="Компания")
    office.issue_orders("C/advance")
    office.count_as_booked()
    (draft,) = office.json("prepare")["prepared"]
    office.json("issue", draft["slip_id"])
    done = office.do("reconcile")
    assert (0, True) == (done.code, "1 order waits for a slip, which is no difference" in done.text)
    assert done.text.endswith("Nothing differs.\n")
    compared = json.loads(office.do("reconcile", "--json").out)["compared"]
    assert (1, 1, 0) == tuple(compared[name] for name in ("waiting", "slips", "payments"))


def test_what_it_leaves_with(office: Office, tmp_path: Path) -> None:
    for command in ("show", "issue", "export", "cancel"):
        unknown = office.slips(command, "X")
        assert (unknown.code, "No slip is called X" in unknown.err) == (3, True)
    assert office.slips("issue", "X", "--number", "7").code == 2
    too_high = ("--number", 10_000_000, "--first-piece", 1)
    assert office.slips("issue", "X", *too_high).code == 2
    assert office.slips("prepare", "--type", "03").code == 2
    for reason in ("x" * 1_001, "a\u202eb"):
        assert office.slips("cancel", "X", "--reason", reason).code == 2
    assert office.slips("prepare").text.startswith("No order is ready for a slip")
    nowhere = office.slips("waiting", "--db", f"sqlite:///{tmp_path}/none.db")
    assert (nowhere.code, "there is no read model there" in nowhere.err) == (3, True)
    assert not (tmp_path / "none.db").exists()
    no_settings = office.slips("waiting", ECLUSE_TREASURY_FILE=str(tmp_path / "none.yaml"))
    assert (no_settings.code, "none.yaml" in no_settings.err) == (3, True)


def test_lost_tables_are_refused_where_nothing_waits_too(office: Office) -> None:
    """They have no orders yet: that none is ready would be half of it."""
    office.lose_the_tables()
    refused = office.slips("prepare", "--lang", "en")
    assert (1, b"") == (refused.code, refused.out)
    assert "may be new or of a back-up" in refused.err
    assert "start the treasury's process (`ecluse treasury run`" in refused.err


def test_a_file_that_cannot_be_written_leaves_nothing(office: Office) -> None:
    office.issue_orders("C/advance")
    (draft,) = office.json("prepare")["prepared"]
    office.json("issue", draft["slip_id"])
    nowhere = office.folder / "none" / "slip.xml"
    failed = office.slips("export", draft["slip_id"], "-o", nowhere)
    assert (failed.code, "Export the slip again." in failed.err) == (3, True)


def test_a_file_is_saved_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    older = tmp_path / "PES.xml"
    older.write_bytes(b"what was there")
    older.chmod(0o644)
    assert save(PesFile("PES.xml", b"<all of it/>"), tmp_path) == older
    assert older.read_bytes() == b"<all of it/>"
    assert stat.S_IMODE(older.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["PES.xml"]


def test_a_link_that_a_person_names_stays_one(tmp_path: Path) -> None:
    (named := tmp_path / "today.xml").symlink_to(tmp_path / "PES.xml")
    save(PesFile("PES.xml", b"<all of it/>"), named)
    assert (True, b"<all of it/>") == (named.is_symlink(), (tmp_path / "PES.xml").read_bytes())


def test_a_file_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "PES.xml").mkdir()
    with pytest.raises(OSError, match="directory"):
        save(PesFile("PES.xml", b"<all of it/>"), tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["PES.xml"]
