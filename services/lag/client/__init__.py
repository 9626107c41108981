"""Client of the watches: their lag documents, read over HTTP and merged."""
