"""Lists, each declared once: the API's answer, files and pages are made of the declaration."""
