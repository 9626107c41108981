"""The published language of Écluse: what may be said to it, what it says. No I/O, no clock."""
