"""What the lists are asked of."""

from tests.api.lists import loaded

filled_treasury = loaded.filled_treasury
reader = loaded.reader
