"""Rules as YAML files: reading, writing and comparing them."""
