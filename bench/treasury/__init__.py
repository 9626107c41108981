"""Speed of the treasury: slips, returns, orders caught up, the console's page."""
