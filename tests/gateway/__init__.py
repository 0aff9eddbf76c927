"""The gateway over HTTP, with a ticket desk that remembers what it was handed."""
