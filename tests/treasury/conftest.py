"""The databases of these tests; their log lines are searched for whole IBANs."""

from tests import silence
from tests.read_model import databases
from tests.treasury import databases as treasury
from tests.treasury import desk

searched_logs = silence.searched_logs
postgresql_server = databases.postgresql_server
treasury_in_files = treasury.treasury_in_files
treasury_on_postgresql = treasury.treasury_on_postgresql
treasury_url = treasury.treasury_url
at_a_desk = desk.at_a_desk
