"""From events to tables: one module for each subject, each a set of handlers over the state."""
