"""Traces: the records about one event, convention, grant, act or order."""
