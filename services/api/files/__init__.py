"""Files for a spreadsheet: tables with their words, as CSV and XLSX. Pure.

Cents become euros here and nowhere else, by digits: no float takes part.
"""
