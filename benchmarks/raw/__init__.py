"""The raw path: how samples come in and become durable, and what the machine would allow."""
