"""Consumer lag: collected from Kafka, judged, read over HTTP and presented."""
