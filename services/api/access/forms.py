"""Forms of the console: only our own pages' count, for whoever is logged in."""

import hmac
from typing import Final

from fastapi import Request

from services.api.access.gate import SAFE
from services.api.problems import FORGED_FORM, Problem

CSRF_FIELD: Final = "csrf"
"""The hidden field of every form; its value is `request.state.csrf`."""

OWN_SITE: Final = frozenset({"same-origin", "none"})


async def own_form(request: Request) -> None:
    """That what is sent comes from a page of ours.

    Raises:
        Problem: another site sent it, or it does not carry the token of its session.
    """
    if request.method in SAFE:
        return
    if request.headers.get("sec-fetch-site", "none") not in OWN_SITE:
        raise Problem(FORGED_FORM)
    expected = getattr(request.state, "csrf", None)
    if expected is None:
        return  # Not by a cookie that the browser adds by itself: nobody can borrow it.
    given = (await request.form()).get(CSRF_FIELD, "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem(FORGED_FORM)
