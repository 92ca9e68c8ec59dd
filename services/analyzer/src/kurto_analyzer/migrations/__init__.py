"""Schema ``analyzer``: forward-only revisions in plain SQL."""
