"""What is attacked: `ecluse api` as it runs in production, over two towns in a read model."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from services.runtime.ops.clock import wall_clock
from tests.api.environment import LILLE, ROUBAIX
from tests.api.processes import Running, api
from tests.api.provider import AUDIENCE, Provider, a_provider
from tests.api.reads.two_entities import both
from tests.api.treasury_scene import CONFIG
from tests.builders import (
    OTHER_IBAN,
    Json,
    a_beneficiary,
    a_convention,
    a_vote,
    an_award,
    encoded,
)
from tests.integration.command import CommandResult, ecluse
from tests.read_model.filling import fill, journal_of_events
from tests.waiting import WAIT_S

SCRIPT: Final = '"><script>alert(1)</script>{{1234*5678}}'
FORMULA: Final = 'Aide;=HYPERLINK("http://evil.example";"x"),+1'
HOSTILE_BUDGET: Final = f"{LILLE}-X1-2023"
TRACES: Final = re.compile(
    r"Traceback|File \"/|\.py\"|sqlalchemy|sqlite3|asyncpg|SELECT .* FROM|OperationalError"
)
"""What would tell of the program's inside."""


def hostile_events() -> list[Json]:
    """A budget of Lille of which everything is called by what somebody would like to run."""
    beneficiary = a_beneficiary(name=SCRIPT)
    return [
        a_vote(budget=HOSTILE_BUDGET, _id=SCRIPT, _source=SCRIPT),
        an_award(budget=HOSTILE_BUDGET, grant=SCRIPT[:90], title=FORMULA, beneficiary=beneficiary),
        a_convention(
            budget=HOSTILE_BUDGET,
            grant=SCRIPT[:90],
            convention="' OR 1=1 --",
            beneficiary=beneficiary,
        ),
    ]


class ProviderOfToday(Provider):
    """A provider whose tokens are of the time of the process that is attacked."""

    @property
    def now_s(self) -> int:
        return int(wall_clock())


@dataclass(frozen=True)
class Target:
    """The API, the keys of some who may ask, and what it has logged."""

    running: Running
    keys: Mapping[str, str]
    provider: Provider
    log: Path
    where: Mapping[str, str]

    def ecluse(self, *args: object) -> CommandResult:
        """A command of the operator's, over the same databases."""
        return ecluse(*args, given=b"", **self.where)

    @property
    def place(self) -> tuple[str, int]:
        url = httpx.URL(self.running.address)
        return url.host, url.port or 80

    def client(self, key: str | None = None) -> httpx.Client:
        """Somebody who asks, with the key of this name."""
        headers = {"Accept-Language": "en"} | self.bearer(key)
        address = self.running.address
        # No certificate is asked for; to read all of the machine's takes longer than the answer.
        return httpx.Client(base_url=address, headers=headers, timeout=WAIT_S, verify=False)

    def bearer(self, key: str | None) -> dict[str, str]:
        return {} if key is None else {"Authorization": f"Bearer {self.keys[key]}"}

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(self.place, WAIT_S, (source, 0))

    def exchange(self, data: bytes, *, wait_s: float = WAIT_S) -> tuple[bytes, bool]:
        """What comes back for these bytes, and whether the server then ended the connection."""
        with self.connect() as line:
            got = bytearray()
            try:
                line.sendall(data)
                line.settimeout(wait_s)
                while piece := line.recv(65_536):
                    got += piece
            except TimeoutError:
                return bytes(got), False
            except OSError:
                pass  # It is ended while we still send.
            return bytes(got), True

    def check_silent(self, *shown: str) -> None:
        """That no answer shows a secret, or the inside of the program."""
        for text in shown:
            assert TRACES.search(text) is None, text[:2000]
            self._check_no_secret(text)

    def check_log(self, offset: int) -> None:
        """That behind this place of the log is no secret, and nothing that calls somebody."""
        content = self.log.read_bytes()
        # The place may lie in a line that was being written when it was asked for.
        text = content[content.rfind(b"\n", 0, offset) + 1 :].decode()
        self._check_no_secret(text)
        # Each line is one JSON object; the last may be being written.
        logged = [json.loads(line) for line in text.split("\n")[:-1]]
        ours = [each for each in logged if each.get("logger") != "aiokafka"]  # Kafka is away here.
        assert [] == [each for each in ours if each["level"] not in {"debug", "info", "warning"}]

    def _check_no_secret(self, text: str) -> None:
        assert not [each for each in (*self.keys.values(), OTHER_IBAN) if each in text]


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers in what came back."""
    return [int(each) for each in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


@contextmanager
def a_target(folder: Path, url: str) -> Iterator[Target]:
    """Start it over this empty read model, and end it behind the block."""
    journal = [*both(), *journal_of_events(map(encoded, hostile_events()))]
    fill(url, journal)
    where = {"ECLUSE_DATABASE_URL": url, "ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    codes = folder / "treasury.yaml"
    codes.write_text(CONFIG, encoding="utf-8")
    where["ECLUSE_TREASURY_FILE"] = str(codes)
    rights = {
        "treasury": ("--read", LILLE, "--treasury", LILLE),
        "lille": ("--read", LILLE, "--publish", LILLE),
        "ordering": ("--publish", LILLE, "--publish-types", "ordonnateur"),
        "reader": ("--read", LILLE),
        "roubaix": ("--read", ROUBAIX),
        "operator": ("--read", ROUBAIX, "--operate", ROUBAIX),
        "all": ("--read", "all"),
    }
    keys = {}
    for name, given in rights.items():
        made = ecluse("api-keys", "create", name, *given, "--json", given=b"", **where)
        keys[name] = str(json.loads(made.out)["key"])
    log = folder / "log"
    with a_provider(ProviderOfToday()) as provider:
        oidc = {
            "ECLUSE_OIDC_ISSUER": provider.url,
            "ECLUSE_OIDC_AUDIENCE": AUDIENCE,
            "ECLUSE_OIDC_JWKS_URL": f"{provider.url}/keys",
        }
        with api(log, **where, **oidc) as running:
            yield Target(running, keys, provider, log, where)
