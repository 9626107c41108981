"""HTTP with a size limit and without redirects."""

from http import HTTPStatus

import aiohttp


async def body_of(session: aiohttp.ClientSession, address: str, bytes_max: int) -> bytes:
    """The body of the answer to a GET.

    Raises:
        ValueError: the status is not 200, or the body is larger than `bytes_max`.
        aiohttp.ClientError, TimeoutError, OSError: no answer, or none within the session's time.
    """
    async with session.get(address, allow_redirects=False) as answer:
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"HTTP {answer.status}")
        return await read_within(answer, bytes_max)


async def read_within(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The body of an answer.

    Raises:
        ValueError: it is larger than `bytes_max`.
        aiohttp.ClientError, TimeoutError, OSError: it does not come, or not in time.
    """
    body = await answer.content.read(bytes_max + 1)
    while len(body) <= bytes_max and (more := await answer.content.read(65536)):
        body += more
    if len(body) > bytes_max:
        raise ValueError("too large")
    return body
