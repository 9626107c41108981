"""The proof of a journal, record by record, and the figures that it adds up to."""
