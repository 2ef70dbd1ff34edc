"""Every event Peibu publishes, by its CloudEvents type."""

from types import ModuleType
from typing import Any, Final

from pydantic import TypeAdapter

from shared.contracts import assessment, clock, enrollment, payment, supervision
from shared.contracts.contract import Contract

_MODULES: Final[tuple[ModuleType, ...]] = (enrollment, supervision, assessment, payment, clock)


def _contracts_of(module: ModuleType) -> list[type[Contract]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and "EVENT" in vars(value) and value.__module__ == module.__name__
    ]


CONTRACTS: Final[dict[str, type[Contract]]] = {
    contract.EVENT.type: contract for module in _MODULES for contract in _contracts_of(module)
}
"""Contract by type, in the order of the pipeline."""

_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {name: TypeAdapter(cls) for name, cls in CONTRACTS.items()}


def adapter_of(event_type: str) -> TypeAdapter[Any] | None:
    """Give the adapter that reads and writes this type's data, or None for a type this release does not know."""
    return _ADAPTERS.get(event_type)
