"""The headers that every answer carries: what a browser may do with it, and who may keep it."""

from typing import Final

from starlette.datastructures import MutableHeaders

CONTENT_SECURITY: Final = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline, in nobody's frame."""

ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
KEPT_BY_NOBODY: Final = "no-store"
KEPT_IF_ASKED_AGAIN: Final = "private, no-cache"
"""Caching of an answer with an ETag: by who asked, revalidated each time."""

VARIES: Final = "Accept-Language, Authorization, Cookie"


def add_headers(headers: MutableHeaders, request_id: str, scheme: str) -> None:
    """Add what the route has not said itself."""
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    kept = KEPT_IF_ASKED_AGAIN if "etag" in headers else KEPT_BY_NOBODY
    headers.setdefault("Cache-Control", kept)
    if scheme == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.add_vary_header(VARIES)
    headers["X-Request-ID"] = request_id
