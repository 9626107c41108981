"""The treasury: orders that wait for a slip, slips with their files, returns, findings."""
