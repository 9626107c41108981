"""A second opinion: live balances added up from the journal, held against the published ones."""
