"""Beneficiaries."""
