"""The object store behind the gateway."""
