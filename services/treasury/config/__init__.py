"""Settings of the public accountant and of third parties: the file ECLUSE_TREASURY_FILE."""
