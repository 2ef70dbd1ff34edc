"""Where webhooks may be sent: https, no credentials in the address, and only hosts that the deployment allows."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from shared.domain.errors import Refused
from shared.settings import ServiceSettings

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class AllowedReceivers:
    """The hosts of `PEIBU_WEBHOOK_HOSTS`; a sandbox without any allows every host, and http."""

    hosts: Sequence[str]
    sandbox: bool

    def check(self, url: str) -> None:
        """Raise Refused WEBHOOK_URL_INVALID or WEBHOOK_HOST_FORBIDDEN; the address is not repeated."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise _invalid() from None
        schemes = ("https", "http") if self.sandbox else ("https",)
        printable = url.isascii() and url.isprintable() and " " not in url
        named = _HOST.fullmatch(host) is not None or _is_address(host)
        if not printable or parts.scheme not in schemes or not named or "@" in parts.netloc or parts.fragment:
            raise _invalid()
        if not self._allows(host):
            raise Refused(
                code="WEBHOOK_HOST_FORBIDDEN",
                message="该接收地址的主机不在本系统允许推送的名单内。",
                advice="请联系系统管理员把主机名加入 PEIBU_WEBHOOK_HOSTS 后再登记。",
                field="body.url",
            )

    def _allows(self, host: str) -> bool:
        if not self.hosts:
            return self.sandbox
        if host in self.hosts:
            return True
        return not _is_address(host) and any(one.startswith("*.") and host.endswith(one[1:]) for one in self.hosts)


def allowed_receivers(settings: ServiceSettings) -> AllowedReceivers:
    """Read the allow-list from the settings."""
    return AllowedReceivers(settings.webhook_hosts.lower().replace(",", " ").split(), settings.sandbox)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _invalid() -> Refused:
    return Refused(
        code="WEBHOOK_URL_INVALID",
        message="接收地址须为完整的 https 地址，且不含用户名、密码和 # 片段。",
        advice="请填写形如 https://hooks.example.cn/peibu 的地址；仅沙箱环境可用 http。",
        field="body.url",
    )
