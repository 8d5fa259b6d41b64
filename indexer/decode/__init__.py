"""From logs to events: decoders generated from the ABIs."""
