"""What is said and answered about webhooks."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.changes.api import NUMBER_MAX
from shared.web.validation import invalid_value


class WebhookBody(BaseModel):
    """What to register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://hooks.example.cn/peibu", "region": "419001", "types": []}]},
    )

    url: str = Field(max_length=1_000, description="接收地址；正式环境须为 https，且主机在允许名单内")
    region: str | None = Field(default=None, max_length=6, description="只推送该区划及其下级；缺省为您的管辖区划")
    types: list[str] = Field(default=[], max_length=100, description="事件类型；空为全部")
    after: int | None = Field(
        default=None, ge=0, le=NUMBER_MAX, description="从该序号之后开始推送；缺省为从现在起，0 为从头"
    )


class WebhookAnswer(BaseModel):
    """One webhook and what waits for it."""

    webhook_id: str
    url: str
    region: str
    types: list[str]
    state: Literal["active", "paused", "disabled"]
    reason: str | None = Field(description="停用原因：gone（接收方答复 410）、failing_too_long（持续失败）")
    cursor: int = Field(description="已列入推送的最大序号")
    head: int = Field(description="本服务已发布的最大序号")
    waiting: int = Field(description="已列入而未被接收的条数")
    failing: int = Field(description="因失败而等待重试的班级（键）数")
    failing_since: datetime | None = Field(description="其中最早失败的时间")
    rest_until: datetime | None = Field(description="接收方整体不可用时，下一次尝试的时间")
    created_at: datetime


class SecretAnswer(BaseModel):
    """A secret, shown this once."""

    webhook_id: str
    secret: str = Field(description="签名密钥，仅此一次显示，请立即妥善保存", examples=["whsec_…"])
    previous_valid_until: datetime | None = Field(default=None, description="此前同时以旧密钥签名")


class WebhooksAnswer(BaseModel):
    """All of the caller's webhooks; there are few."""

    items: list[WebhookAnswer]
    next: None = None


class PingAnswer(BaseModel):
    """The test message that will be sent."""

    message_id: str = Field(description="测试消息的 webhook-id；结果见推送记录")


class RedeliveryBody(BaseModel):
    """Exactly one of the two."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"after": 0}, {"number": 41}]})

    after: int | None = Field(default=None, ge=0, le=NUMBER_MAX, description="补发该序号之后的全部事件")
    number: int | None = Field(default=None, ge=1, le=NUMBER_MAX, description="只补发这一个事件")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.after is None) == (self.number is None):
            raise invalid_value("INPUT_INVALID", "after 与 number 须且只能填写一个。", "请按需要保留其中一个。")
        return self


class AttemptAnswer(BaseModel):
    """One attempt; bodies are never kept."""

    attempted_at: datetime
    status: int | None = Field(description="接收方的 HTTP 状态")
    problem: str | None = Field(description="没有状态的原因：timeout、unreachable、broken_off、host_forbidden")
    milliseconds: int


class DeliveryAnswer(BaseModel):
    """One message to the receiver."""

    delivery: int = Field(description="推送记录编号")
    number: int | None = Field(description="事件的序号；测试消息没有")
    message_id: str = Field(description="webhook-id，与事件 id 相同，每次重试不变")
    key: str = Field(description="保序的键：班级等的编号")
    state: Literal["waiting", "delivered"]
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    attempts: list[AttemptAnswer]


class DeliveriesAnswer(BaseModel):
    """Deliveries, the newest first."""

    items: list[DeliveryAnswer]
    next: str | None = Field(description="下一页的 before")
