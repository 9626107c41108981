"""A network between processes and brokers that a test may cut, stall, delay and halve.

Each broker has a proxy of its own, at whose address it lets itself be known to who comes by it.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from enum import StrEnum
from typing import Final, Self

from services.dev.local_broker import HOST, free_port
from tests.kafka.faults.observer import Backstage

CHUNK_BYTES: Final = 64 * 1024
SETTLED_TURNS: Final = 50
"""Turns of the event loop in which a connection is set up, or closed, however slow the machine."""

FILLED: Final = 4
"""So many connections fill a backlog of nothing: whoever comes next gets no answer at all."""


class Way(StrEnum):
    """How bytes go between the processes and one broker."""

    OPEN = "open"
    CUT = "cut"
    """Connections are reset, and new ones too."""
    STALLED = "stalled"
    """Connections stand, and nothing goes through."""
    DELAYED = "delayed"
    HALVED = "halved"
    """Of each connection the next answer comes half, and then its end."""
    UNROUTABLE = "unroutable"
    """Connections stand still, and a new one is never made."""


class Link:
    """The way to one broker; all of it runs on one event loop."""

    def __init__(self, port: int, broker_port: int) -> None:
        self.port = port
        self._broker_port = broker_port
        self._way, self._delay_s = Way.OPEN, 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._hole: ExitStack | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._take, HOST, self.port)

    async def become(self, way: Way, delay_s: float) -> None:
        """From now on bytes go this way; each takes `delay_s` where they are delayed."""
        self._way, self._delay_s = way, delay_s
        if way is Way.CUT:
            self._reset()
        if way in {Way.STALLED, Way.UNROUTABLE}:
            self._flows.clear()
        else:
            self._flows.set()
        if way is Way.UNROUTABLE and self._hole is None:
            await self._stop_listening()
            self._hole = _black_hole(self.port)
        elif way is not Way.UNROUTABLE and self._hole is not None:
            self._hole.close()
            self._hole = None
            # Whoever waits for a connection sees its end, and comes again.
            await self.listen()

    async def close(self) -> None:
        """Take none any more, and end all."""
        self._flows.set()
        if self._hole is not None:
            self._hole.close()
        await self._stop_listening()
        for each in self._carriers:
            each.cancel()
        if self._carriers:
            await asyncio.wait(self._carriers)
        await _settle()

    async def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            # What was accepted is set up first: asyncio would leave it open for ever.
            for each in server.sockets:
                asyncio.get_running_loop().remove_reader(each.fileno())
            await _settle()
            server.close()

    def _reset(self) -> None:
        for each in self._writers:
            each.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection; it is closed when its carrier ends, even before it has begun."""
        carrier = asyncio.create_task(self._carry(reader, writer))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)
        carrier.add_done_callback(lambda _: writer.transport.abort())

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._way is Way.CUT:
            return
        with suppress(OSError):
            await self._flows.wait()
            from_broker, to_broker = await asyncio.open_connection(HOST, self._broker_port)
            ours = {writer, to_broker}
            self._writers |= ours
            pumps = [
                asyncio.create_task(self._pump(reader, to_broker)),
                asyncio.create_task(self._pump(from_broker, writer, answers=True)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._writers -= ours
                to_broker.transport.abort()
                for pump in pumps:
                    pump.cancel()
                await asyncio.wait(pumps)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while some := await reader.read(CHUNK_BYTES):
                await self._flows.wait()
                if self._way is Way.DELAYED:
                    await asyncio.sleep(self._delay_s)
                is_half = answers and self._way is Way.HALVED
                writer.write(some[: len(some) // 2] if is_half else some)
                await writer.drain()
                if is_half:
                    return


async def _settle() -> None:
    for _ in range(SETTLED_TURNS):
        await asyncio.sleep(0)


def _black_hole(port: int) -> ExitStack:
    """A port at which nobody is ever connected, until it is closed."""
    with ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        hole.bind((HOST, port))
        hole.listen(0)
        for _ in range(FILLED):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((HOST, port))
        return stack.pop_all()


class Network:
    """The proxies of some brokers, in a thread of their own."""

    def __init__(self, brokers: int) -> None:
        self.ports = [free_port() for _ in range(brokers)]
        self.broker_ports = [free_port() for _ in range(brokers)]
        """Where the brokers listen for what comes by the proxies."""
        self._stack = ExitStack()
        self._links: Sequence[Link] = ()

    @property
    def bootstrap(self) -> str:
        """The address of all brokers by their proxies."""
        return ",".join(f"{HOST}:{port}" for port in self.ports)

    def __enter__(self) -> Self:
        self._stage = self._stack.enter_context(Backstage())
        self._links = self._stage.call(self._listening())
        self._stack.callback(self._close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def become(self, way: Way, *links: int, delay_s: float = 0.0) -> None:
        """From now on bytes go this way to these brokers, counted from 0; without any, to all."""
        for number in links or range(len(self._links)):
            self._stage.call(self._links[number].become(way, delay_s))

    async def _listening(self) -> Sequence[Link]:
        links = [Link(*ports) for ports in zip(self.ports, self.broker_ports, strict=True)]
        for each in links:
            await each.listen()
        return links

    def _close(self) -> None:
        for each in self._links:
            self._stage.call(each.close())
