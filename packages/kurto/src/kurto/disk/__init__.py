"""The disk buffer: samples that survive hours offline and a crash of the sender."""
