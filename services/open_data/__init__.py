"""Open data: grants as the law has them published (SCDL Subventions), written and read."""
