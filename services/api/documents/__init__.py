"""Documents that conventions owe (justificatifs): the list."""
