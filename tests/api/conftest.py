"""Databases for the tests of the API."""

from tests.read_model import databases

postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url
read_model_url = databases.read_model_url
