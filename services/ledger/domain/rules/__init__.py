"""The rules of the ledger, a module a subject: the handlers of its event types."""
