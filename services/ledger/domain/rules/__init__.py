"""The rules of the ledger, a module a subject: each looks at the book and gives a verdict."""
