"""The crawler: listing, grouping, classifiers, schema merge, changes; pure but for its two ends."""
