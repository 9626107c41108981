"""What is done with slips, returns and entries: each in one transaction of the store."""
