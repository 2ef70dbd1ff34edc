"""Who plays in a case: the bureau's officers of its region, and whoever is let in for one case only."""

import asyncio
from pathlib import Path
from typing import Final

from peibu.demo.party import Credential, Party
from peibu.demo.scene import Cast
from peibu.issuer import Issuer
from peibu.system import ISSUER
from shared.domain.actor import Role

STAFF: Final[dict[str, tuple[Role, ...]]] = {
    "first_reviewer": (Role.FIRST_REVIEWER,),
    "second_reviewer": (Role.SECOND_REVIEWER,),
    "approver": (Role.APPROVER,),
    "inspector": (Role.INSPECTOR,),
    "exam_patrol": (Role.EXAM_PATROL,),
    "finance": (Role.FINANCE,),
    "auditor": (Role.AUDITOR,),
    "policy_officer": (Role.POLICY_OFFICER,),
}
"""Roles by officer of a region; each is a person of their own."""


class Casting:
    """Lets parties sign in, as `peibu clients add` would, and keeps the officers of each region."""

    def __init__(self, home: Path, sample: Cast) -> None:
        """Take the sandbox's own parties, of whom only the system's administrator and the public play."""
        self.system_admin, self.public = sample.system_admin, sample.public
        self._issuer = Issuer(home.absolute(), issuer=ISSUER)
        self._staff: dict[str, dict[str, Party]] = {}
        self.asked: set[str] = set()
        """The rulebooks that were asked already for what they leave off."""
        self._appointing = asyncio.Lock()
        self.at_the_bank = asyncio.Lock()
        """Held from an order to the bank's answer, so that a file carries one class's money only."""

    async def admit(self, client: str, organisation: str, role: Role, *more: Role, region: str) -> Party:
        """Let somebody in and give them as they speak."""
        secret = await asyncio.to_thread(
            self._issuer.add_client,
            client,
            subject=client,
            organisation=organisation,
            region=region,
            roles=[role, *more],
        )
        credential = Credential(client_id=client, client_secret=secret, subject=client, organisation=organisation)
        return self.public.signed_in(credential)

    async def staff(self, region: str) -> dict[str, Party]:
        """Give the officers of a region's bureau, letting them in when they are asked for first."""
        async with self._appointing:
            if region not in self._staff:
                self._staff[region] = {
                    name: await self.admit(f"{name}-{region}", f"bureau-{region}", *roles, region=region)
                    for name, roles in STAFF.items()
                }
            return self._staff[region]
