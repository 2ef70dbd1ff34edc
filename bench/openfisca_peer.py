"""The peer of P11, run by a Python of its own that has openfisca-core: one simulation per person, explained.

It reads a number of persons per line and answers with the seconds that it took and the sum in fen that it came to.
"""

import sys
from time import perf_counter
from typing import Any

from openfisca_core import periods
from openfisca_core.entities import build_entity
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERSON = build_entity(key="person", plural="persons", label="A person", is_person=True)
MONTH = "2021-06"


class certified(Variable):  # noqa: N801 - openfisca names variables by their class
    """Whether the person has a certificate that counts."""

    value_type = bool
    entity = PERSON
    definition_period = periods.DateUnit.MONTH


class sessions(Variable):  # noqa: N801
    """In how many sessions the person was."""

    value_type = int
    entity = PERSON
    definition_period = periods.DateUnit.MONTH


class rate_fen(Variable):  # noqa: N801
    """The rate of the person's class."""

    value_type = int
    entity = PERSON
    definition_period = periods.DateUnit.MONTH


class recognised(Variable):  # noqa: N801
    """Whether the person counts."""

    value_type = bool
    entity = PERSON
    definition_period = periods.DateUnit.MONTH

    def formula(persons: Any, period: Any) -> Any:  # noqa: N805 - as openfisca calls it
        """Ask for a certificate and for somebody who was there."""
        return persons("certified", period) * (persons("sessions", period) > 0)


class subsidy_fen(Variable):  # noqa: N801
    """What the person is paid."""

    value_type = int
    entity = PERSON
    definition_period = periods.DateUnit.MONTH

    def formula(persons: Any, period: Any) -> Any:  # noqa: N805
        """Pay the rate to whoever counts."""
        return persons("recognised", period) * persons("rate_fen", period)


def main() -> None:
    """Answer until the input ends."""
    system = TaxBenefitSystem([PERSON])
    for variable in (certified, sessions, rate_fen, recognised, subsidy_fen):
        system.add_variable(variable)
    for line in sys.stdin:
        began, total = perf_counter(), 0
        for number in range(int(line)):
            told = {
                "persons": {
                    f"person-{number}": {
                        "certified": {MONTH: number % 20 != 0},
                        "sessions": {MONTH: 20},
                        "rate_fen": {MONTH: 123_000},
                    }
                }
            }
            simulation = SimulationBuilder().build_from_entities(system, told)
            simulation.trace = True
            total += int(simulation.calculate("subsidy_fen", MONTH)[0])
            if not simulation.tracer.computation_log.lines():
                raise SystemExit("nothing was traced")
        print(perf_counter() - began, total, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
