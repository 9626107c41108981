"""The rules of slips, returns and entries: no I/O, no clock, no chance, no float."""
