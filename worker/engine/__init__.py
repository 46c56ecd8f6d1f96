"""The pure part: arrays in, arrays out. No Celery, Redis, settings, environment or clock."""
