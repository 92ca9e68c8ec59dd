"""One epoch's samples: order, gaps, refills, blocks on the grid, quality. Pure."""
