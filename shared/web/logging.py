"""Structured logs: one JSON object per line, without personal data.

Keys that name personal data or secrets are dropped, digit runs that look like an identity number, a phone or an
account are masked wherever they stand, objects are logged by their type alone, and of an exception only its type, its
place and a text freed from what may have been data.
"""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from traceback import extract_tb
from typing import Any, Final, TextIO

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.web.masking import MASK, mask

_FORBIDDEN: Final = re.compile(
    r"(?:^|_)(?:id_?number|id_?card|identity(?:_?number)?|certificate_?number|phone|mobile|telephone|account(?:_?\w+)?"
    r"|bank_?card|card_?number|holder|payee|name|full_?name|address|birth\w*|email|gender|sex|face\w*"
    r"|password|secret\w*|token\w*|authorization|cookie\w*|credential\w*|body|payload|query|form|input|parameters"
    r"|aac00\d|aae0\d\d|aab02\d)$"
    r"|姓名|身份证|证件|电话|手机|账号|账户|卡号|地址",
    re.IGNORECASE,
)
_ALLOWED: Final = frozenset({"masked_name", "hostname", "consumer_name", "service_name"})
_INTEGER_MAX: Final = 10**10
"""Larger integers may be a phone or an identity number that somebody stored as a number; amounts end in `_fen`."""

_DATA_IN_TEXT: Final = re.compile(
    r"(?ms)^DETAIL:.*?$|\[parameters:.*?\]$|input_value=.*?(?=, input_type)|'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”"
)
_TEXT_MAX: Final = 300
_FRAMES_MAX: Final = 25
_DEPTH_MAX: Final = 6


def configure_logging(level: int | str = logging.INFO, *, stream: TextIO | None = None) -> None:
    """Send every log record of the process, structlog's and the standard library's, through the same masking.

    uvicorn's access log is silenced (`RequestContext` logs by route template); its other loggers join the root's.
    """
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                describe_exception,
                forget_personal_data,
                _forget_what_libraries_add,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("uvicorn.access", "httpx", "httpcore", "sqlalchemy.engine"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.WARNING)


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by `causes`: a list of the exception and its causes, see `describe`."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else None
    if info is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["causes"] = describe(error)
    return event


def forget_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop forbidden keys and mask everything else."""
    return _clean_mapping(event, depth=0)


def _forget_what_libraries_add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's copy of its message for terminals
    if event.get("logger") == "asyncio":  # below its message stand the task's arguments and its exception's text
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def safe_text(error: BaseException) -> str:
    """Give an exception's text without what may be data: quoted parts, parameters, details and digit runs."""
    if isinstance(error, DBAPIError):
        return f"{type(error.orig).__name__} {getattr(error.orig, 'sqlstate', None) or ''}".strip()
    if isinstance(error, ValidationError) or hasattr(error, "endpoint_ctx"):
        return _where(error)
    return mask(_DATA_IN_TEXT.sub(MASK, str(error)))[:_TEXT_MAX]


def describe(error: BaseException) -> list[dict[str, Any]]:
    """Give an exception, what a group holds and all causes, each with type, safe text and frames."""
    described: dict[int, dict[str, Any]] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in described:
            continue
        frames = extract_tb(current.__traceback__)[-_FRAMES_MAX:]
        described[id(current)] = {
            "type": f"{type(current).__module__}.{type(current).__qualname__}",
            "text": safe_text(current),
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        waiting += current.exceptions if isinstance(current, BaseExceptionGroup) else ()
        waiting.append(current.__cause__ or (None if current.__suppress_context__ else current.__context__))
    return list(described.values())


def _where(error: Any) -> str:
    problems = error.errors()
    places = (".".join(part for part in map(str, item["loc"]) if mask(part) == part) for item in problems[:5])
    kinds = (str(item["type"]) for item in problems[:5])
    return "; ".join(f"{place}: {kind}" for place, kind in zip(places, kinds, strict=True))


def _clean_mapping(values: Mapping[Any, Any], *, depth: int) -> dict[str, Any]:
    return {
        mask(str(key)): _clean(value, key=str(key), depth=depth)
        for key, value in values.items()
        if str(key) in _ALLOWED or not _FORBIDDEN.search(str(key))
    }


def _clean(value: Any, *, key: str, depth: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < _INTEGER_MAX or key.endswith("_fen") else MASK
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {safe_text(value)}"
    if depth >= _DEPTH_MAX:
        return MASK
    if isinstance(value, Mapping):
        return _clean_mapping(value, depth=depth + 1)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray | memoryview):
        return [_clean(item, key=key, depth=depth + 1) for item in value]
    return f"<{type(value).__name__}>"
