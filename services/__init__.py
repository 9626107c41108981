"""The services of Écluse, one room each."""
