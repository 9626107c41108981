"""API keys, in a file and on a real PostgreSQL: how long they open, their last use, rotation."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

from services.api.access.caller import Action, NotKnown
from services.api.access.keys import digest_of, parse_key
from services.api.access.store import MIGRATIONS, USE_NOTED_EVERY, AccessStore
from services.api.access.tables import SCHEMA
from services.api.problems import Problem
from services.runtime.ops.errors import ClusterError, Unreachable
from tests import silence
from tests.api.environment import NOON, HandClock
from tests.api.test_access import (
    READS_LILLE,
    a_store,
    address,
    clock,
    known,
    logged,
    refused,
)

no_logs = silence.all_logs

__all__ = ["address", "clock"]


async def test_a_key_opens_until_it_is_revoked(address: str, clock: HandClock) -> None:
    async with a_store(address, clock) as store:
        access = known(store, clock)
        key, shown = await store.create("ERP de Lille", READS_LILLE, "test")
        caller = await access.find_by_bearer(shown)
        assert (f"key:{key.key_id}", READS_LILLE) == (caller.name, caller.rights)
        assert await store.revoke(key.key_id, "test")
        assert "key_revoked" == await refused(access, shown)
        assert not await store.revoke(key.key_id, "test"), "it is no more in force"


async def test_the_secret_is_kept_nowhere(tmp_path: Path, clock: HandClock) -> None:
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        key, written = await store.create("ERP", READS_LILLE, "test")
        assert written not in repr(key)
        assert written not in repr(parse_key(written))
    parts = parse_key(written)
    assert parts is not None
    kept = b"".join(map(Path.read_bytes, tmp_path.iterdir()))  # noqa: ASYNC240 # nobody waits
    assert parts.key_id.encode() in kept
    assert parts.secret.encode() not in kept


async def test_the_last_use_is_noted_now_and_then(address: str, clock: HandClock) -> None:
    async with a_store(address, clock) as store:
        access = known(store, clock)
        _, shown = await store.create("ERP", READS_LILLE, "test")
        uses = []
        for _ in range(3):
            await access.find_by_bearer(shown)
            await store.finish_writing_beside()
            uses.append((await store.keys())[0].last_used_at)
            clock.advance(USE_NOTED_EVERY / 2)
        assert [NOON, NOON, NOON + USE_NOTED_EVERY] == uses


async def test_a_use_that_cannot_be_noted_fails_no_request(
    tmp_path: Path, clock: HandClock
) -> None:
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        access = known(store, clock)
        key, shown = await store.create("ERP", READS_LILLE, "test")
        async with store.connect() as connection:
            refuse = "BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'read only'); END"
            await connection.execute(text(f"CREATE TRIGGER read_only {refuse}"))
        with logged() as stream:
            assert f"key:{key.key_id}" == (await access.find_by_bearer(shown)).name
            await store.finish_writing_beside()
        assert "use_not_noted" in stream.getvalue()
        assert (await store.keys())[0].last_used_at is None


async def test_many_uses_at_once_are_noted_by_one_write(tmp_path: Path, clock: HandClock) -> None:
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        access = known(store, clock)
        _, shown = await store.create("ERP", READS_LILLE, "test")
        for _ in range(20):
            await access.find_by_bearer(shown)
            assert 1 >= len(store._beside)


async def test_a_key_of_some_types_stays_one_when_it_is_rotated(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        chosen = ["comptable", "ecluse.bank-account.changed.v1"]
        key, shown = await store.create("DGFiP", READS_LILLE, "test", publish_types=chosen)
        rotated = await store.rotate(key.key_id, "mairie", timedelta(hours=24))
        assert rotated is not None
        for each in (shown, rotated[2]):
            caller = await known(store, clock).find_by_bearer(each)
            assert caller.may_send("ecluse.payment.executed.v1")
            assert caller.may_send("ecluse.bank-account.changed.v1")
            assert not caller.may_send("ecluse.budget.voted.v1")
        assert [chosen, chosen] == [each.publish_types for each in await store.keys()]
        facts = [line.facts for line in await store.audit_lines(3)]
        assert [chosen, chosen] == [each["publish_types"] for each in facts if "label" in each]


async def test_a_key_opens_until_it_expires_and_so_do_its_sessions(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        access, ends_at = known(store, clock), NOON + timedelta(hours=1)
        key, shown = await store.create("ERP", READS_LILLE, "test", ends_at)
        assert ends_at == key.expires_at == (await store.keys())[0].expires_at
        _, cookie = await access.log_in(shown)
        clock.advance(timedelta(minutes=59))
        await access.find_by_bearer(shown)
        await access.find_by_session(cookie)
        clock.advance(timedelta(minutes=1))
        assert "key_expired" == await refused(access, shown)
        with pytest.raises(NotKnown, match="session_ended"):
            await access.find_by_session(cookie)
        with pytest.raises(NotKnown, match="key_expired"):
            await access.log_in(shown)


async def test_a_rotated_key_opens_beside_the_new_one_for_a_while(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        access = known(store, clock)
        old, shown = await store.create("ERP", READS_LILLE, "test")
        rotated = await store.rotate(old.key_id, "mairie", timedelta(hours=24))
        assert rotated is not None
        ending, new, newer = rotated
        assert NOON + timedelta(hours=24) == ending.expires_at
        assert ("ERP", READS_LILLE, None) == (new.label, new.rights, new.expires_at)
        for each in (shown, newer):
            assert READS_LILLE == (await access.find_by_bearer(each)).rights
        clock.advance(timedelta(hours=24))
        assert "key_expired" == await refused(access, shown)
        await access.find_by_bearer(newer)
        line = next(
            each for each in await store.audit_lines(9) if each.action == Action.KEY_ROTATED
        )
        assert (old.key_id, "mairie", new.key_id) == (
            line.subject,
            line.actor,
            line.facts["new_key"],
        )
        assert await store.rotate(old.key_id, "mairie", timedelta(0)) is None, "it has ended"
        assert await store.rotate("000000000000", "mairie", timedelta(0)) is None


async def test_rotating_lengthens_no_key_and_keeps_how_long_one_lasts(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        ends_at = NOON + timedelta(days=90)
        old, _ = await store.create("ERP", READS_LILLE, "test", ends_at)
        clock.advance(timedelta(days=89, hours=12))
        rotated = await store.rotate(old.key_id, "mairie", timedelta(hours=24))
        assert rotated is not None
        ending, new, _ = rotated
        assert (ends_at, clock() + timedelta(days=90)) == (ending.expires_at, new.expires_at)


async def test_a_key_that_is_revoked_meanwhile_is_not_rotated(
    address: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(address, clock) as store:
        old, _ = await store.create("ERP", READS_LILLE, "test")
        stale = await store.find(old.key_id)
        assert await store.revoke(old.key_id, "colleague")
        monkeypatch.setattr(store, "find", AsyncMock(return_value=stale))
        assert await store.rotate(old.key_id, "mairie", timedelta(hours=24)) is None
        assert [old.key_id] == [each.key_id for each in await store.keys()]


async def test_of_two_rotations_at_once_one_is_done(
    address: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(address, clock) as store:
        old, _ = await store.create("ERP", READS_LILLE, "test", NOON + timedelta(days=90))
        stale = await store.find(old.key_id)
        assert await store.rotate(old.key_id, "mairie", timedelta(0)) is not None
        monkeypatch.setattr(store, "find", AsyncMock(return_value=stale))
        assert await store.rotate(old.key_id, "colleague", timedelta(days=9)) is None
        ends = {each.key_id: each.expires_at for each in await store.keys()}
        assert (2, NOON) == (len(ends), ends[old.key_id])


@pytest.mark.parametrize("lasts", [None, timedelta(days=90)], ids=["endless", "90 days"])
async def test_a_second_rotation_gives_a_key_that_lasts_as_long_too(
    address: str, clock: HandClock, lasts: timedelta | None
) -> None:
    async with a_store(address, clock) as store:
        ends_at = None if lasts is None else NOON + lasts
        old, _ = await store.create("ERP", READS_LILLE, "test", ends_at)
        for _ in range(2):
            clock.advance(timedelta(hours=1))
            rotated = await store.rotate(old.key_id, "mairie", timedelta(hours=24))
            assert rotated is not None
            assert (None if lasts is None else clock() + lasts) == rotated[1].expires_at


async def test_a_bug_of_ours_is_no_outage(address: str, clock: HandClock) -> None:
    async with a_store(address, clock) as store:
        with logged() as stream, pytest.raises(DBAPIError):
            async with store.connect() as connection:
                await connection.execute(text("SELECT * FROM of_nothing"))
        assert "database_unreachable" not in stream.getvalue()


async def test_the_log_says_why_the_database_does_not_answer(
    tmp_path: Path, clock: HandClock
) -> None:
    store = AccessStore(f"sqlite:///{tmp_path / 'away' / 'access.db'}", clock)
    with logged() as stream, pytest.raises(Problem):
        await store.keys()
    assert "database_unreachable" in stream.getvalue()
    assert str(tmp_path / "away") in stream.getvalue()
    await store.dispose()


async def test_keys_of_the_version_before_open_as_ever(address: str, clock: HandClock) -> None:
    def at_the_version_before(connection: Connection, schema: str | None) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes.update(connection=connection, schema=schema)
        command.upgrade(config, "a1")

    store, secret = AccessStore(address, clock), "s" * 43
    schema = SCHEMA if address.startswith("postgresql") else None
    prefix = f"{schema}." if schema else ""
    row = f"'0123456789ab', 'ERP', '{digest_of(secret)}', '2023-01-01 00:00:00', 'mairie'"
    names = "key_id, label, secret_sha256, created_at, created_by"
    try:
        async with store.connect() as connection:
            if schema:
                await connection.execute(text(f"CREATE SCHEMA {schema}"))
            await connection.run_sync(at_the_version_before, schema)
            made = f"INSERT INTO {prefix}api_keys ({names}) VALUES ({row})"
            await connection.execute(text(made))
        await store.prepare()
        caller = await known(store, clock).find_by_bearer(f"ecluse_0123456789ab_{secret}")
        assert ("key:0123456789ab", "ERP") == (caller.name, caller.label)
        (key,) = await store.keys()
        assert (None, None) == (key.expires_at, key.publish_types)
    finally:
        await store.dispose()


async def test_a_file_that_is_no_database_ends_the_start_with_one_sentence(
    tmp_path: Path, clock: HandClock
) -> None:
    (tmp_path / "access.db").write_bytes(b"no database" * 999)
    with pytest.raises(Unreachable, match="file is not a database"):
        async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock):
            pass


async def test_a_migration_that_is_cut_is_done_whole_at_the_next_start(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite, whose Python driver opens no transaction before DDL."""
    create_table = Operations.create_table

    def cut(self: Operations, name: str, *columns: Any, **options: Any) -> Table:
        if name == "logout_tokens":
            raise KeyboardInterrupt
        return create_table(self, name, *columns, **options)

    address = f"sqlite:///{tmp_path / 'access.db'}"
    monkeypatch.setattr(Operations, "create_table", cut)
    with pytest.raises(KeyboardInterrupt):
        async with a_store(address, clock):
            pass
    monkeypatch.undo()
    async with a_store(address, clock) as store:
        _, shown = await store.create("ERP", READS_LILLE, "test")
        await known(store, clock).find_by_bearer(shown)


async def test_keys_of_a_newer_program_are_left_alone(address: str, clock: HandClock) -> None:
    prefix = f"{SCHEMA}." if address.startswith("postgresql") else ""
    async with a_store(address, clock) as store:
        async with store.connect() as connection:
            newer = f"UPDATE {prefix}access_version SET version_num = 'a9'"
            await connection.execute(text(newer))
        with pytest.raises(ClusterError, match=r"a9.* is of a newer Écluse"):
            await store.prepare()
