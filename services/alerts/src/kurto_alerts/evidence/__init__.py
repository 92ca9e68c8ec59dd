"""What is frozen beside an alert: samples, spectra and the diagnosis of its moment."""
