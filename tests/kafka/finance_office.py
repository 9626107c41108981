"""Commands of the finance office and files of the public accountant, beside running services."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from services.treasury.store.database import treasury_address
from services.treasury.store.tables import outbox
from tests.builders import Json
from tests.integration.command import ROOT
from tests.kafka import commands
from tests.kafka.cluster import Cluster
from tests.kafka.treasury_process import asked
from tests.read_model.filling import query
from tests.waiting import eventually

CODES: Final = ROOT / "deploy" / "treasury.example.yaml"
HEAD: Final = {"IdPost": "059999", "CodColl": "350"}
"""The accountant's post and his code of the town in this file."""

DONE: Final = "done"


@dataclass(frozen=True)
class Sent:
    """A slip that was sent, and its file."""

    slip_id: str
    number: int
    pieces: dict[int, str]
    """Payment orders by the numbers of their pieces."""
    file_name: str
    content: bytes

    @property
    def nom_fic(self) -> str:
        """The name that stands in the file: the gateway's answer names it."""
        return self.file_name.removesuffix(".xml")


class FinanceOffice:
    """Whoever sends slips and brings what comes back; the read model is at a URL."""

    def __init__(self, cluster: Cluster, read_model: str, folder: Path) -> None:
        self.cluster = cluster
        self.returns = folder / "returns"
        """The folder into which the accountant's files come."""
        self.returns.mkdir()
        self.environment = {
            "ECLUSE_DATABASE_URL": read_model,
            "ECLUSE_TREASURY_FILE": str(CODES),
            "ECLUSE_TREASURY_RETURNS": str(self.returns),
            "ECLUSE_TREASURY_POLL_S": "0.1",
        }
        self._read_model = read_model
        self._folder = folder

    @property
    def url(self) -> str:
        """The URL of the treasury's tables."""
        return treasury_address(self._read_model, None)

    def object_of(self, *args: object, code: int = commands.DONE) -> Json:
        """The object that a command prints for programs."""
        done = commands.asked(self.cluster, *args, "--json", given=b"", **self.environment)
        assert code == done.code, done.err
        found: Json = json.loads(done.out)
        return found

    def publish(self, *lines: bytes) -> None:
        """Publish events as the town's programs do."""
        done = commands.asked(self.cluster, "publish", "-", given=b"\n".join(lines) + b"\n")
        assert commands.DONE == done.code, done.err

    def send(self, order: str) -> Sent:
        """Put an order on a slip, once it alone waits and nothing keeps it from one; its file."""

        def is_ready() -> bool:
            waiting = self.object_of("slips", "waiting")["waiting"]
            return [(order, [])] == [(each["payment_order"], each["reasons"]) for each in waiting]

        eventually(is_ready, f"{order} is not ready")
        (draft,) = self.object_of("slips", "prepare")["prepared"]
        self.object_of("slips", "issue", draft["slip_id"])
        return self.export(draft["slip_id"])

    def export(self, slip_id: str) -> Sent:
        """Export a slip's file, once more if it was before."""
        written = self.object_of("slips", "export", slip_id, "-o", self._folder)
        found = self.object_of("slips", "show", slip_id)
        pieces = {each["number"]: each["payment_order"] for each in found["pieces"]}
        file, number = Path(written["file"]), found["slip"]["number"]
        return Sent(slip_id, number, pieces, file.name, file.read_bytes())

    def put(self, files: Mapping[str, bytes]) -> None:
        """Put files into the folder of returns, and wait until the treasury has taken them."""
        for name, content in files.items():
            (self.returns / name).write_bytes(content)
        taken = [self.returns / DONE / name for name in files]
        eventually(lambda: all(each.exists() for each in taken), self._what_is_there)

    def _what_is_there(self) -> str:
        return f"not taken: {sorted(self.returns.rglob('*'))}"

    def take(self, files: Mapping[str, bytes]) -> list[Json]:
        """Take files by hand, in this order; what became of each."""
        paths = [self._folder / name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        found: list[Json] = self.object_of("returns", "take", *paths)["files"]
        return found

    def until_order_is(self, order: str, state: str, paid_cents: int = 0) -> None:
        """Until the read model has the order so."""
        asked_for = f"state = '{state}' AND paid_cents = {paid_cents}"
        count = f"SELECT count(*) FROM payment_orders WHERE payment_order = '{order}'"
        why = f"{order} is not {state} with {paid_cents} paid"
        eventually(lambda: query(self._read_model, f"{count} AND {asked_for}"), why)

    def slips(self) -> list[Json]:
        """All slips, the newest first."""
        found: list[Json] = self.object_of("slips", "show")["slips"]
        return found

    def unsent(self) -> int:
        """The number of the treasury's messages that wait."""
        waits = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        return int(asked(self.url, waits)[0][0])

    def messages(self) -> list[Any]:
        """All messages of the treasury, sent or not: their topics and ids."""
        return asked(self.url, select(outbox.c.topic, outbox.c.message_id))
