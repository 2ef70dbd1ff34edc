from tests.database.databases import database, database_url

__all__ = ["database", "database_url"]
