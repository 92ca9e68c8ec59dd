"""What `make soak` runs: the stack under a steady load, until nothing grows any more."""
