"""What each page says: rows of the read model become words, figures and links. Pure."""
