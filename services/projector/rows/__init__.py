"""The rows of journal records: a pure fold, one per partition."""
