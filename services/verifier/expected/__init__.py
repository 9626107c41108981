"""The consequences that the rules give an event: refusals, moves, orders, waiting."""
