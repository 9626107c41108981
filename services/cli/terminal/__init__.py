"""The terminal: options, progress, and screens in the language of the reader."""
