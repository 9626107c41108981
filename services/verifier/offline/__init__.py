"""A journal proved by itself: a file, a database, or its topic alone."""
