"""What analysts ask for: spectra and pictures of the newest samples or of any stored ones."""
