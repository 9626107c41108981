"""Where the watches answer, as people say it to the API and to `ecluse lag`. Pure."""

from urllib.parse import urlsplit


def watch_addresses(said: str) -> list[str]:
    """The addresses between the commas, each once; without the `/` at their ends.

    Raises:
        ValueError: one of them, which it names, is no address of a server.
    """
    named = [each.strip().rstrip("/") for each in said.split(",")]
    found = list(dict.fromkeys(each for each in named if each))
    for each in found:
        if not _is_of_a_server(each):
            raise ValueError(each)
    return found


def _is_of_a_server(address: str) -> bool:
    """Whether a path may be set behind it, and nobody's name or password stands in it."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = not set("@?#") & set(address)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and plain
