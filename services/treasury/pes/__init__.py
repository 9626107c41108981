"""PES files (Protocole d'Échange Standard): written and read, and the settings of them."""
