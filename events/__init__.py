"""The published language of Écluse: its events and its messages. No I/O, no clock."""
