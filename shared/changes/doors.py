"""What a service mounts so that others learn what it publishes."""

from fastapi import APIRouter

from shared.changes.api import changes_router
from shared.changes.webhooks_api import webhooks_router
from shared.settings import ServiceSettings


def change_routers(settings: ServiceSettings) -> list[APIRouter]:
    """Give the addresses of the change log and of webhooks under the service's name."""
    return [changes_router(settings.service), webhooks_router(settings.service, settings)]
