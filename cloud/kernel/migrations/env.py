"""Where alembic meets our connection: the migrations run inside the transaction it is handed."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
