"""The treasury's side: payment orders on slips, PES files, returns, accounting entries."""
