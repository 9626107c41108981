"""Rules that turn samples of consumer groups into states, paces and sums."""
