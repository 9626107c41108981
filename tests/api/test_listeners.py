"""What opened a stream is asked for while the stream lasts, of all listeners together."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event
from starlette.requests import Request

from services.api.access.authorization import Listeners
from services.api.access.caller import Caller
from services.api.access.session import SESSION_COOKIE
from services.api.access.session_store import IDLE_S, Sessions
from tests.api.environment import NOON, HandClock
from tests.api.test_access import READS_LILLE, a_store, address, clock, known

__all__ = ["address", "clock"]

MINUTE = timedelta(minutes=1)


def a_request(caller: Caller, cookie: str | None = None) -> Request:
    """A request as the gate lets it through: with a key, or with the cookie of a session."""
    state: dict[str, Any] = {"caller": caller}
    headers = [(b"host", b"localhost")]
    if cookie is not None:
        state["csrf"] = "token"
        headers.append((b"cookie", f"{SESSION_COOKIE}={cookie}".encode()))
    return Request({"type": "http", "headers": headers, "state": state})


async def test_a_stream_ends_with_the_key_or_the_session_that_opened_it(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        access, caller = known(store, clock), Caller("oidc:lectrice", READS_LILLE)
        of_others = Sessions(store, clock, settings_sha256="others")
        requests = {
            "token": a_request(caller),
            "provider": a_request(caller, await Sessions(store, clock).open(caller)),
            "other settings": a_request(caller, await of_others.open(caller)),
        }
        ids, cookies = {}, {}
        for name, ends_at in (("kept", None), ("revoked", None), ("expires", NOON + MINUTE)):
            key, shown = await store.create(name, READS_LILLE, "test", ends_at)
            _, cookies[name] = await access.log_in(shown)
            ids[name] = key.key_id
            requests[f"{name} key"] = a_request(key.caller)
            requests[f"{name} session"] = a_request(key.caller, cookies[name])
        questions: list[str] = []
        event.listen(
            store._engine.sync_engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_rest: questions.append(statement),
        )
        listeners = Listeners(access, clock)
        with ExitStack() as streams:
            opened = {
                name: streams.enter_context(listeners.listen(request))
                for name, request in requests.items()
            }

            async def ended() -> set[str]:
                return {name for name, is_in_force in opened.items() if not await is_in_force()}

            assert {"other settings"} == await ended()
            assert 1 == len(questions), "one for all"
            await store.revoke(ids["revoked"], "test")
            clock.advance(MINUTE)
            gone = {"other settings", "revoked key", "revoked session"}
            gone |= {"expires key", "expires session"}
            assert gone == await ended()
            await access.log_out(cookies["kept"])
            clock.advance(MINUTE)
            assert gone | {"kept session"} == await ended()
            clock.advance(timedelta(seconds=IDLE_S))
            assert gone | {"kept session", "provider"} == await ended()
        questions.clear()
        clock.advance(MINUTE)
        with listeners.listen(requests["token"]) as is_in_force:
            assert await is_in_force()
        assert [] == questions, "nobody else is left"


async def test_a_stream_goes_on_while_the_database_is_away(
    tmp_path: Path, clock: HandClock
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with a_store(f"sqlite:///{folder / 'access.db'}", clock) as store:
        key, _ = await store.create("ERP", READS_LILLE, "test")
        await store.revoke(key.key_id, "test")
        with Listeners(known(store, clock), clock).listen(a_request(key.caller)) as is_in_force:
            moved = folder.rename(tmp_path / "away")
            assert await is_in_force()
            moved.rename(folder)
            clock.advance(MINUTE)
            assert not await is_in_force()
