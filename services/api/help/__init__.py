"""Runbooks: what each alarm means and what to do, for whoever is called."""
