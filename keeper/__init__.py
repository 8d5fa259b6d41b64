"""Posts and co-signs surfaces, settles expiries, processes vault queues and rolls the listing."""
