"""Addresses of the watches, as the settings of the API and `ecluse lag --url` name them."""

from urllib.parse import urlsplit


def watch_addresses(named: str) -> list[str]:
    """The addresses between the commas, each once, without a `/` at the end.

    Raises:
        ValueError: one of them, which it names, is no address of a server.
    """
    stripped = [each.strip().rstrip("/") for each in named.split(",")]
    found = list(dict.fromkeys(each for each in stripped if each))
    for each in found:
        if not _is_of_a_server(each):
            raise ValueError(each)
    return found


def _is_of_a_server(address: str) -> bool:
    """True if a path may follow it, and it holds neither user nor password."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = not set("@?#") & set(address)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and plain
