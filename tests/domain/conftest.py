"""Examples may take as long as a loaded machine needs: a deadline would make a slow neighbour a failure."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
