"""PES files (Protocole d'Échange Standard): written and read."""
