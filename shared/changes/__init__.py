"""The doors through which other systems learn what happened: a numbered log, and webhooks that are fed from it."""
