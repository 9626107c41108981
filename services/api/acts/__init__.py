"""Acts (délibérations and what amends or withdraws them): the list."""
