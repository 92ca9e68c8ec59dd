"""What is stored beside samples: what happened to streams, and when samples were taken."""
