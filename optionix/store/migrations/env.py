"""Runs migrations on the connection that `optionix.store.migrate` opened."""

from alembic import context

from optionix.store.models import Base

connection = context.config.attributes["connection"]
if connection is None:
    raise RuntimeError("run migrations through optionix.store.migrate")
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, transactional_ddl=True)
context.run_migrations()
