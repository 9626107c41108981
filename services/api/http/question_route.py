"""A route whose parameters are a question, names in its path and filters: read without FastAPI.

FastAPI documents these routes, and answers what cannot be read, or may not be asked. To solve the
dependencies of one that can costs it a quarter of a simple read, so that is done here.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.api.access.caller import Caller, Scope
from services.api.http.question import Question, asked

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[..., Awaitable[Response]]

_asked = asynccontextmanager(asked)


class QuestionRoute(APIRoute):
    """Reads what its endpoint takes, if that is a question, names of its path, and filters."""

    def get_route_handler(self) -> Handler:
        """FastAPI's own handler, behind the short way where there is one."""
        by_fastapi = super().get_route_handler()
        parameters = _parameters(self.endpoint, self.param_convertors)
        if parameters is None:
            return by_fastapi
        endpoint: Endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            caller: Caller = request.state.caller
            try:
                values = parameters.read(request)
            except (_Unknown, ValidationError):
                return await by_fastapi(request)
            if not caller.entities(Scope.READ):
                return await by_fastapi(request)
            async with _asked(request, caller) as question:
                return await endpoint(**{parameters.question: question}, **values)

        return handle


class _Unknown(Exception):
    """A filter that is not known."""


class _Parameters(NamedTuple):
    """The parameters of an endpoint."""

    question: str
    """The name of the one that takes the question."""
    path: Mapping[str, TypeAdapter[Any]]
    filters: str
    model: type[BaseModel]
    lists: frozenset[str]
    """The filters that may be given several times; of others the last one counts."""

    def read(self, request: Request) -> dict[str, Any]:
        """The values of a request, as FastAPI reads them.

        Raises:
            ValidationError, _Unknown: they cannot be read.
        """
        given = request.query_params
        if not given.keys() <= self.model.model_fields.keys():
            raise _Unknown
        filters = {
            name: given.getlist(name) if name in self.lists else given[name] for name in given
        }
        of_path = {
            name: each.validate_python(request.path_params[name])
            for name, each in self.path.items()
        }
        return {**of_path, self.filters: self.model.model_validate(filters)}


def _parameters(endpoint: Endpoint, of_path: Mapping[str, Any]) -> _Parameters | None:
    """The parameters of an endpoint; None where it takes anything else."""
    hints = get_type_hints(endpoint, include_extras=True)
    question, filters, path = None, None, {}
    for name in inspect.signature(endpoint).parameters:
        hint = hints[name]
        if hint == Question:
            question = name
        elif name in of_path:
            path[name] = TypeAdapter(hint)
        elif get_origin(hint) is Annotated and isinstance(get_args(hint)[1], Query):
            filters = name
        else:
            return None
    if question is None or filters is None:
        return None
    model = get_args(hints[filters])[0]
    lists = {
        name
        for name, field in model.model_fields.items()
        if any(get_origin(each) is list for each in (field.annotation, *get_args(field.annotation)))
    }
    return _Parameters(question, path, filters, model, frozenset(lists))
