"""What another server answers, taken within bounds: no redirection, no more bytes than said."""

from http import HTTPStatus

import aiohttp


async def body_of(session: aiohttp.ClientSession, address: str, bytes_max: int) -> bytes:
    """The body of what is found there; nothing leads elsewhere.

    Raises:
        ValueError: there is none, or it is larger.
        aiohttp.ClientError, TimeoutError, OSError: nobody answers, or not in the session's time.
    """
    async with session.get(address, allow_redirects=False) as answer:
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"status {answer.status}")
        body = await answer.content.read(bytes_max + 1)
        while len(body) <= bytes_max and (more := await answer.content.read(65536)):
            body += more
    if len(body) > bytes_max:
        raise ValueError("too large")
    return body
