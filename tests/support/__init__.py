"""What several suites need to drive real parts."""
