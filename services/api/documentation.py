"""The OpenAPI document as a page at /docs, from assets of our own address."""

from fastapi import APIRouter, FastAPI

router = APIRouter()


def mount_assets(_app: FastAPI) -> None:
    """Serve what the page is made of."""
