"""`ecluse seal` and `ecluse verify --seal`: what was sealed cannot be rewritten unnoticed."""

import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from services.verifier.signing import read_key, sign_statement
from tests.builders import BUDGET, NEXT_BUDGET, Json
from tests.golden.record import decided
from tests.integration.command import ROOT, ecluse

YEARS = ROOT / "tests" / "golden" / "year-end-2023.events.jsonl"
AT = "2024-01-31T23:59:59+01:00"
SEALED_AT = "2024-01-31T22:59:59Z"


class Desk(NamedTuple):
    """A journal with its seal, and the keys of whoever sealed it."""

    journal: Path
    key: Path
    public_key: Path
    seal: Path

    def lines(self) -> list[bytes]:
        return self.journal.read_bytes().splitlines(keepends=True)


def desk_in(folder: Path) -> Desk:
    return Desk(*(folder / name for name in ("j.jsonl", "key.pem", "pub.pem", "seal.json")))


@pytest.fixture(scope="module")
def _sealed_once(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Decided and sealed for all tests of this module, each of which has a copy."""
    desk = desk_in(tmp_path_factory.mktemp("desk"))
    desk.journal.write_bytes(decided(YEARS)[0])
    made = ecluse("seal", "--new-key", desk.key)
    desk.public_key.write_bytes(made.out)
    changed = ecluse(
        "seal", "--journal", desk.journal, "--key", desk.key, "-o", desk.seal, "--at", AT
    )
    assert 0 == changed.code
    return desk


@pytest.fixture
def desk(_sealed_once: Desk, tmp_path: Path) -> Desk:
    desk = desk_in(tmp_path)
    for original, copy in zip(_sealed_once, desk, strict=True):
        shutil.copy2(original, copy)  # A key's mode is part of it.
    return desk


def rewritten(change: Callable[[Json], None]) -> Callable[[Desk], None]:
    """The first year with other events, and the whole journal made again, as the ledger would."""

    def plant(desk: Desk) -> None:
        first, rest = YEARS.read_bytes().split(b"\n", 1)
        event = json.loads(first)
        change(event)
        other = desk.journal.with_name(YEARS.name)
        other.write_bytes(json.dumps(event).encode() + b"\n" + rest)
        desk.journal.write_bytes(decided(other)[0])

    return plant


def without(chosen: Callable[[Json], bool]) -> Callable[[Desk], None]:
    """Records taken out of the journal."""

    def plant(desk: Desk) -> None:
        left = [line for line in desk.lines() if not chosen(json.loads(line))]
        desk.journal.write_bytes(b"".join(left))

    return plant


def last_of(budget: str) -> Callable[[Desk], None]:
    """The last record of a chain taken out: no journal alone shows it."""

    def plant(desk: Desk) -> None:
        ends = {json.loads(line)["budget"]: json.loads(line)["sequence"] for line in desk.lines()}
        without(lambda row: (row["budget"], row["sequence"]) == (budget, ends[budget]))(desk)

    return plant


def changed(change: Callable[[Json], object], *, signed: bool = False) -> Callable[[Desk], None]:
    """The seal changed; signed again by who has the key, or not."""

    def plant(desk: Desk) -> None:
        seal = json.loads(desk.seal.read_bytes())
        change(seal)
        if signed:
            seal = sign_statement(seal["statement"], read_key(desk.key))
        desk.seal.write_text(json.dumps(seal))

    return plant


def signed_by_another(desk: Desk) -> None:
    other = desk.key.with_name("other.pem")
    ecluse("seal", "--new-key", other)
    desk.seal.unlink()
    ecluse("seal", "--journal", desk.journal, "--key", other, "-o", desk.seal)


def no_json(desk: Desk) -> None:
    desk.seal.write_bytes(b"{")


class Sealed(NamedTuple):
    """Something that happens to a journal that was sealed, or to its seal."""

    defect: str
    plant: Callable[[Desk], None]
    found: str
    where: str = ""
    """The budget that is named."""


def appropriated(seal: Json) -> None:
    seal["statement"]["chains"][0]["totals"]["appropriated_cents"] += 1


SEALED = [
    Sealed(
        "last month is rewritten, its chain made whole again",
        rewritten(lambda event: event["data"]["act"].update(body="Conseil de Lille")),
        "sealed_hash_differs",
        BUDGET,
    ),
    Sealed("the last record of a chain is gone", last_of(BUDGET), "sealed_chain_short", BUDGET),
    Sealed(
        "a whole chain is taken away",
        without(lambda row: row["budget"] == NEXT_BUDGET),
        "sealed_chain_gone",
        NEXT_BUDGET,
    ),
    Sealed(
        "other totals were sealed",
        changed(appropriated, signed=True),
        "sealed_totals_differ",
        BUDGET,
    ),
    Sealed("a total of the seal is changed", changed(appropriated), "seal_forged"),
    Sealed(
        "the signature is changed",
        changed(lambda seal: seal.update(signature=seal["signature"][::-1])),
        "seal_forged",
    ),
    Sealed(
        "the signature is no base64",
        changed(lambda seal: seal.update(signature="é")),
        "seal_forged",
    ),
    Sealed("another key signs it", signed_by_another, "seal_key_differs"),
]

NO_SEALS = {
    "no JSON": no_json,
    "no signature": changed(lambda seal: seal.pop("signature")),
    "no key": changed(lambda seal: seal.update(public_key="key")),
    "half a character": changed(lambda seal: seal.update(public_key="\ud800")),
    "another format": changed(lambda seal: seal["statement"].update(format="other"), signed=True),
    "a chain without its hash": changed(
        lambda seal: seal["statement"]["chains"][0].pop("hash"), signed=True
    ),
    "chains that do not add up": changed(
        lambda seal: seal["statement"].update(records=1), signed=True
    ),
}


@pytest.mark.parametrize("plant", NO_SEALS.values(), ids=NO_SEALS)
def test_a_file_that_is_no_seal_says_nothing_of_the_journal(
    desk: Desk, plant: Callable[[Desk], None]
) -> None:
    plant(desk)
    args = ("--journal", desk.journal, "--seal", desk.seal, "--json", "--lang", "en")
    changed = ecluse("verify", *args)
    assert (3, b"") == (changed.code, changed.out)
    assert "holds no seal: " in changed.err


def verify(desk: Desk, *args: object) -> Json:
    changed = ecluse("verify", "--journal", desk.journal, "--json", *args)
    row: Json = json.loads(changed.out)
    assert changed.code == (0 if row["proved"] else 1)
    return row


def test_a_sealed_journal_is_proved_and_may_grow(desk: Desk) -> None:
    whole = desk.lines()
    desk.seal.unlink()
    first = [line for line in whole if json.loads(line)["budget"] == BUDGET]
    desk.journal.write_bytes(b"".join(first[:5]))
    ecluse("seal", "--journal", desk.journal, "--key", desk.key, "-o", desk.seal, "--at", AT)
    desk.journal.write_bytes(b"".join(whole))
    row = verify(desk, "--seal", desk.seal, "--public-key", desk.public_key)
    assert row["proved"]
    assert {"sealed_at": SEALED_AT, "chains": 1} == row["seal"]


def test_chains_that_a_seal_does_not_cover_are_named(desk: Desk) -> None:
    whole = desk.lines()
    first = [line for line in whole if json.loads(line)["budget"] == BUDGET]
    desk.seal.unlink()
    desk.journal.write_bytes(b"".join(first))
    ecluse("seal", "--journal", desk.journal, "--key", desk.key, "-o", desk.seal)
    assert "unsealed" not in _notes(verify(desk, "--seal", desk.seal))
    desk.journal.write_bytes(b"".join(whole))
    notes = _notes(verify(desk, "--seal", desk.seal))
    assert NEXT_BUDGET in notes["unsealed"]
    assert BUDGET not in notes["unsealed"]
    assert "behind_seal" in notes
    alone = verify(desk, "--seal", desk.seal, "--budget", NEXT_BUDGET)
    assert 0 == alone["seal"]["chains"]
    assert NEXT_BUDGET in _notes(alone)["unsealed"]
    assert {"ends"} == {"ends", "behind_seal"} & _notes(alone).keys()


def _notes(row: Json) -> dict[str, str]:
    return {each["code"]: each["en"] for each in row["not_proved"]}


@pytest.mark.parametrize("planted", SEALED, ids=lambda each: each.defect)
def test_what_happens_to_a_sealed_journal_or_its_seal_is_found(desk: Desk, planted: Sealed) -> None:
    planted.plant(desk)
    assert verify(desk)["proved"] or planted.found == "sealed_chain_gone", "nothing else shows it"
    row = verify(desk, "--seal", desk.seal, "--public-key", desk.public_key)
    assert planted.found in row["codes"]
    named = {each.get("budget", "") for each in row["findings"] if each["code"] == planted.found}
    assert planted.where in named


def test_a_rewriter_with_a_key_of_his_own_is_seen_by_whoever_has_the_true_one(desk: Desk) -> None:
    signed_by_another(desk)
    row = verify(desk, "--seal", desk.seal)
    assert row["proved"]
    assert "seal_key" in [each["code"] for each in row["not_proved"]]
    assert not verify(desk, "--seal", desk.seal, "--public-key", desk.public_key)["proved"]


def test_only_a_journal_that_is_proved_is_sealed(desk: Desk, tmp_path: Path) -> None:
    lines = desk.lines()
    desk.journal.write_bytes(b"".join(lines[:2] + lines[3:]))
    file = tmp_path / "none.json"
    changed = ecluse(
        "seal", "--journal", desk.journal, "--key", desk.key, "-o", file, "--lang", "fr"
    )
    assert 1 == changed.code
    assert "sequence_broken" in changed.text
    assert "Rien n'est scellé" in changed.err
    assert not file.exists()


def test_a_journal_without_a_record_is_not_sealed(desk: Desk, tmp_path: Path) -> None:
    desk.journal.write_bytes(b"\n")
    file = tmp_path / "none.json"
    changed = ecluse("seal", "--journal", desk.journal, "--key", desk.key, "-o", file)
    assert (3, b"", False) == (changed.code, changed.out, file.exists())


def test_a_journal_that_no_longer_holds_a_closed_year_is_sealed_if_that_is_said(desk: Desk) -> None:
    without(lambda row: row["budget"] == BUDGET)(desk)
    desk.seal.unlink()
    args = ("seal", "--journal", desk.journal, "--key", desk.key, "-o", desk.seal)
    assert (1, False) == (ecluse(*args).code, desk.seal.exists())
    assert 0 == ecluse(*args, "--without", BUDGET).code
    row = verify(desk, "--seal", desk.seal, "--without", BUDGET)
    assert "openings" in _notes(row)
    needs_file = ecluse("verify", "--without", BUDGET, "--lang", "en", COLUMNS="300")
    assert (2, True) == (needs_file.code, "--journal or --db" in needs_file.err)


def test_a_seal_states_heads_and_totals(desk: Desk) -> None:
    statement = json.loads(desk.seal.read_bytes())["statement"]
    figures = verify(desk, "--figures")["figures"]
    chains = {row["budget"]: row for row in statement["chains"]}
    assert SEALED_AT == statement["sealed_at"]
    assert figures["heads"] == {
        name: row["hash"] for name, row in chains.items() if not name.startswith("_dead.")
    }
    assert (figures["events"], figures["outcomes"]) == (statement["events"], statement["outcomes"])
    assert len(desk.lines()) == statement["records"]
    for budget in figures["heads"]:
        lines = [row for row in figures["lines"] if row["budget"] == budget]
        for name, cents in chains[budget]["totals"].items():
            assert sum(row[name] for row in lines) == cents


def test_a_private_key_is_its_owner_s_and_never_replaced(desk: Desk) -> None:
    assert 0o600 == stat.S_IMODE(desk.key.stat().st_mode)
    before = desk.key.read_bytes()
    again = ecluse("seal", "--new-key", desk.key, COLUMNS="300")
    assert (2, b"", before) == (again.code, again.out, desk.key.read_bytes())
    assert "never replaced" in again.err


def test_a_seal_is_never_replaced(desk: Desk) -> None:
    before = desk.seal.read_bytes()
    args = ("seal", "--journal", desk.journal, "--key", desk.key, "-o", desk.seal)
    assert 2 == ecluse(*args).code
    assert before == desk.seal.read_bytes()


def test_the_key_may_come_from_the_environment_and_the_seal_to_standard_output(desk: Desk) -> None:
    changed = ecluse("seal", "--journal", desk.journal, "--at", AT, ECLUSE_SEAL_KEY=str(desk.key))
    assert json.loads(desk.seal.read_bytes()) == json.loads(changed.out)


@pytest.mark.parametrize(
    ("args", "code", "texts"),
    [
        ((), 2, "--key or ECLUSE_SEAL_KEY"),
        (("--key", "nowhere"), 3, "nowhere: No such file"),
        (("--key", str(YEARS)), 2, "holds no private Ed25519 key"),
        (("--key", "KEY", "--at", "2023-12-31"), 2, "no time with its offset"),
        (("--key", "KEY", "--at", "noon"), 2, "no time with its offset"),
        (("--key", "KEY", "--db", "x"), 2, "name two journals"),
    ],
    ids=["no key", "no such key", "not a key", "no offset", "no time", "two journals"],
)
def test_what_is_needed_for_a_seal_is_named(
    desk: Desk, args: tuple[str, ...], code: int, texts: str
) -> None:
    named = [str(desk.key) if each == "KEY" else each for each in args]
    changed = ecluse("seal", "--journal", desk.journal, *named, COLUMNS="300")
    assert (code, b"") == (changed.code, changed.out)
    assert texts in changed.err


@pytest.mark.parametrize(
    ("args", "code", "texts"),
    [
        (("--public-key", "PUB"), 2, "give --seal too"),
        (("--seal", "nowhere"), 3, "nowhere: No such file"),
        (("--seal", "SEAL", "--public-key", "nowhere"), 3, "nowhere: No such file"),
        (("--seal", "SEAL", "--public-key", "SEAL"), 2, "holds no public Ed25519 key"),
    ],
    ids=["a key without a seal", "no such seal", "no such key", "not a key"],
)
def test_what_is_needed_to_check_a_seal_is_named(
    desk: Desk, args: tuple[str, ...], code: int, texts: str
) -> None:
    files = {"PUB": desk.public_key, "SEAL": desk.seal}
    named = [str(files.get(each, each)) for each in args]
    changed = ecluse("verify", "--journal", desk.journal, *named, COLUMNS="300")
    assert (code, b"") == (changed.code, changed.out)
    assert texts in changed.err


def test_people_read_what_was_compared(desk: Desk) -> None:
    changed = ecluse("verify", "--journal", desk.journal, "--seal", desk.seal, "--lang", "fr")
    assert 0 == changed.code
    assert f"sceau du {SEALED_AT}\u00a0: " in changed.text
    assert "qui le réécrit peut la remplacer" in " ".join(changed.text.split())


def test_another_program_checks_the_signature(desk: Desk, tmp_path: Path) -> None:
    """OpenSSL over the statement's canonical JSON: no code of ours."""
    seal = json.loads(desk.seal.read_bytes())
    statement, signature = tmp_path / "statement", tmp_path / "signature"
    text = json.dumps(seal["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    statement.write_text(text, encoding="utf-8")
    coded = tmp_path / "signature.b64"
    coded.write_text(seal["signature"] + "\n")
    key = str(desk.public_key)
    decode = ["openssl", "base64", "-d", "-A", "-in", str(coded), "-out", str(signature)]
    check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin"]
    for command in (decode, [*check, "-in", str(statement), "-sigfile", str(signature)]):
        done = subprocess.run(command, check=False, capture_output=True)
        assert (0, b"") == (done.returncode, done.stderr)
