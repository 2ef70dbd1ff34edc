"""Alembic's entry for every branch; `shared/database/migrate.py` hands over an open connection and the options."""

from alembic import context

context.configure(**context.config.attributes["options"])
context.run_migrations()  # the caller began the transaction under its lock and commits it
