"""The addresses of the questions."""

from fastapi import APIRouter

from services.api.reads import balances, budgets, entries, events, grants, lag, orders, statements
from services.api.reads import unsettled as not_settled

router = APIRouter()
for room in (balances, statements, budgets, entries, events, grants, orders, not_settled, lag):
    router.include_router(room.router)
