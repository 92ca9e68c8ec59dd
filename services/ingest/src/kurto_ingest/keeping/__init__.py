"""Ranges of samples that outlive their retention."""
