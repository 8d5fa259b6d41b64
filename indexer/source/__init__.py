"""Where blocks and logs come from: ranges of the final past, and the head as it grows."""
