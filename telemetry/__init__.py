"""What operators see: search attributes, metrics, logs and health."""
