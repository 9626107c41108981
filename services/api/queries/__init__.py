"""The questions asked of the read model: SQL over its tables, answers as plain frozen rows.

Every question is bounded to the entities that its caller may see: `entities` holds their SIRETs,
None stands for all. What is asked of another entity's budget finds nothing. Amounts are integer
cents; an IBAN leaves here only shortened, but for `orders.account_of`, which exists to reveal one.
No question writes, reads a clock or decides anything; the day of the question is
an argument.

A class declares a row once: `row_as` reads it by its fields, the API spells it, a page shows it.
"""
