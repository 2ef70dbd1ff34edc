"""The four services by name; their code is imported only when it is used, so that one process can hold one of them."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from shared.clock import LegalClock
from shared.domain.actor import SYSTEM
from shared.messaging.bus import Bus
from shared.settings import ServiceSettings, SettingsError

SERVICES: Final = ("enrollment", "supervision", "assessment", "payment")
"""In the order of the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """One service with its ports and adapters joined; `application` and `worker` are made from the same wiring."""

    name: str
    wiring: Any

    def application(self, authenticator: Any) -> Any:
        """Give the service's FastAPI application."""
        return import_module(f"services.{self.name}.main").create_app(self.wiring, authenticator=authenticator)

    def worker(self) -> Any:
        """Give the service's background work."""
        return import_module(f"services.{self.name}.worker").create_worker(self.wiring)

    def inbox(self) -> Any:
        """Give the inbox through which dead letters are applied again."""
        return self.worker().consumers[0].inbox

    def reading(self) -> Any:
        """Give a unit of work that only reads."""
        return self.wiring.unit_of_work(SYSTEM, write=False)

    def writing(self) -> Any:
        """Give a unit of work of the system itself, to be committed by whoever asked for it."""
        return self.wiring.unit_of_work(SYSTEM)

    async def close(self) -> None:
        """Close what wiring opened."""
        await self.wiring.close()


def settings_of(name: str, **given: Any) -> ServiceSettings:
    """Read a service's settings from the environment; `given` wins.

    Raise SettingsError where the service itself is not, as in another service's image.
    """
    try:
        module = import_module(f"services.{name}.settings")
    except ModuleNotFoundError as missing:
        if missing.name != f"services.{name}":
            raise
        raise SettingsError(f"{name} is not installed here; run this where it is, such as its own container") from None
    settings: ServiceSettings = getattr(module, f"{name.capitalize()}Settings")(**given)
    return settings


async def wire(name: str, settings: ServiceSettings, *, clock: LegalClock, bus: Bus) -> Wired:
    """Open a service's database and load its rulebooks."""
    module = import_module(f"services.{name}.wiring")
    return Wired(name=name, wiring=await module.wire(settings, clock=clock, bus=bus))
