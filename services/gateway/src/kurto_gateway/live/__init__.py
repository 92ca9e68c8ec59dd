"""The live fan-out without any input or output: what each client is owed, and in what order."""
