"""Problem codes of supervision that the interface names at its addresses."""

from typing import Final

from shared.web.problems import declare

SAME_AUTHOR: Final = declare("SAME_AUTHOR", 403, "不能处理自己的记录").code
RECORD_VOID: Final = declare("RECORD_VOID", 409, "记录已作废").code
DEVICE_RETIRED: Final = declare("DEVICE_RETIRED", 409, "设备已停用").code
DEVICE_CHANGED: Final = declare("DEVICE_CHANGED", 409, "设备登记已被修改").code
SERIAL_TAKEN: Final = declare("SERIAL_TAKEN", 409, "设备序列号已登记").code
FINDING_CLOSED: Final = declare("FINDING_CLOSED", 409, "疑点已结案").code
METHOD_NOT_ACCEPTED: Final = declare("METHOD_NOT_ACCEPTED", 422, "签到方式不在规则册内").code
NOBODY_IN_CUSTODY: Final = declare("NOBODY_IN_CUSTODY", 422, "本班没有监管场所学员").code
RANGE_INVALID: Final = declare("RANGE_INVALID", 422, "日期范围有误").code
CURSOR_INVALID: Final = declare("CURSOR_INVALID", 422, "翻页标记有误").code
