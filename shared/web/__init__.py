"""HTTP for every service: problems, bearer tokens, transactional routes, idempotency keys, health, metrics and logs.

A service's route module needs four names and its wiring one:

    from shared.web.authentication import requires
    from shared.web.problems import responses
    from shared.web.routes import service_router
    from shared.web.transactions import read_transaction, write_transaction
    from shared.web.application import create_application

See `routes.py` for an example.
"""
