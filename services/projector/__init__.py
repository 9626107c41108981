"""Journal to SQL: the read model that people and programs ask; it decides nothing."""
