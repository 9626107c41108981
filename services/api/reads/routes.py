"""The addresses of the questions."""

from fastapi import APIRouter

router = APIRouter()
