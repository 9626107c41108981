"""What a journal holds, and what waits."""
