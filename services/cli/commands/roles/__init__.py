"""The processes of Écluse, each until it is stopped."""
