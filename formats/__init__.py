"""The contract between the web side and the torch side: frozen dataclasses and JSONL, standard library."""
