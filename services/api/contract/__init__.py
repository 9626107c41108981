"""The published contract over HTTP: its schemas, its part of the OpenAPI document, the root."""
