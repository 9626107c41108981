"""All routes of the API, by what they answer: JSON for programs, pages for people."""

from fastapi import APIRouter

from services.api.balances import page as figure_page
from services.api.balances import routes as balances
from services.api.budgets import routes as budgets
from services.api.console import session
from services.api.events_in import routes as events_in
from services.api.grants import page as grant_pages
from services.api.grants import routes as grants
from services.api.http import documentation, health, metrics
from services.api.journal import entry_routes
from services.api.journal import page as record_page
from services.api.journal import routes as journal
from services.api.lag import page as lag_page
from services.api.lag import routes as lag
from services.api.orders import page as order_pages
from services.api.orders import routes as orders
from services.api.rejections import page as rejection_pages
from services.api.rejections import routes as rejections
from services.api.statements import routes as statements
from services.api.today import live
from services.api.today import page as today_page
from services.api.today import routes as today

DATA = (
    health,
    metrics,
    documentation,
    events_in,
    balances,
    statements,
    budgets,
    today,
    entry_routes,
    journal,
    grants,
    orders,
    rejections,
    lag,
)
PAGES = (
    session,
    lag_page,
    live,
    today_page,
    grant_pages,
    figure_page,
    order_pages,
    rejection_pages,
    record_page,
)

data, pages = APIRouter(), APIRouter()
for each in DATA:
    data.include_router(each.router)
for page in PAGES:
    pages.include_router(page.router)
