"""Random trees, actions, kills and restores: no picture is ever lost."""
