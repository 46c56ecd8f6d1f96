"""From all features to a new generation: clusters, groups, report, pointer."""
