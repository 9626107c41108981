"""Open data: grants as the law has them published (SCDL Subventions), as rows of a file."""
