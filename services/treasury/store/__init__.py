"""The tables of the treasury: PostgreSQL's schema `ecluse_treasury`, or a file."""
