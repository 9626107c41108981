"""The lag document and its metrics, made of the tables and of samples of the groups."""
