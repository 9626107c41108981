"""Databases for the tests of the API, and read models that are made once; no log lines."""

from tests import silence
from tests.api import made as read_models
from tests.api import treasury_scene
from tests.read_model import databases

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url
read_model_url = databases.read_model_url
made_in_files = read_models.made_in_files
made_on_postgresql = read_models.made_on_postgresql
made = read_models.made
scene = treasury_scene.scene
