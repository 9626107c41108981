"""Texts in French and in English: the catalogue, and how money, days and numbers are written."""
