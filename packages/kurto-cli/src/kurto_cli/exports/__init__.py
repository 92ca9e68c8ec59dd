"""Files of exact samples."""
