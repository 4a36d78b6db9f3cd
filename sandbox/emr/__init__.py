"""Amazon EMR: clusters, steps and nodes that really run."""
