"""How often one address may call what needs no token: public pages, objections, the token endpoint.

Counted in the memory of each process, over the last minute. The address is the connection's peer, or whom a trusted
proxy names in `X-Forwarded-For` (`serving.py`): a proxy that is not trusted counts as one caller, whatever it says. An
IPv6 caller is his /64 network, for he has all its addresses.
"""

import ipaddress
import math
from typing import Final

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from shared.clock import machine_now
from shared.web.problems import TOO_MANY_REQUESTS, WebProblem

PUBLIC_READS_PER_MINUTE: Final = 300
PUBLIC_WRITES_PER_MINUTE: Final = 20
"""Every objection freezes lines until somebody has looked into it."""
PUBLIC_CODES_PER_MINUTE: Final = 300
"""A class answers its survey from one classroom network; each code is used once, and none of them is guessed."""
TOKENS_PER_MINUTE: Final = 600
"""Many institutions may share one address; a client that guesses is locked out long before (`peibu/issuer.py`)."""

_IPV6_PREFIX: Final = 64


class RateLimit:
    """At most so many requests of one address in a minute."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def seconds_to_wait(self, request: Request) -> int:
        """Count a request; give 0 when it may pass, else after how many seconds another one may."""
        caller = caller_of(request)
        if await self._limiter.hit(self._item, caller):
            return 0
        window = await self._limiter.get_window_stats(self._item, caller)
        return max(1, math.ceil(window.reset_time - machine_now().timestamp()))

    async def require(self, request: Request) -> None:
        """Count a request; raise WebProblem 429 with Retry-After when there were too many."""
        seconds = await self.seconds_to_wait(request)
        if seconds:
            raise WebProblem(
                TOO_MANY_REQUESTS,
                "来自同一网络地址的请求过于频繁。",
                f"请在 {seconds} 秒后再试；程序访问请降低频率，并遵守 Retry-After 响应头。",
                headers={"Retry-After": str(seconds)},
            )


def caller_of(request: Request) -> str:
    """Give the network address by which a caller is counted."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
