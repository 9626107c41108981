"""What Prometheus asks of the API."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])


class Observed:
    """Requests by method, route and status, with their durations."""

    def observe(self, method: str, route: str, status: int, elapsed_s: float) -> None:
        """One request was answered."""
