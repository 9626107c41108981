"""The pages of the console, all together."""

from fastapi import APIRouter

from services.api.console.addresses import lag, live, looking, orders, session, troubles

router = APIRouter()
router.include_router(session.router)
router.include_router(lag.router)
router.include_router(live.router)
router.include_router(looking.router)
router.include_router(orders.router)
router.include_router(troubles.router)
