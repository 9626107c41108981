"""Outcomes as they are journalled, in the order of the journal, from any position on."""
