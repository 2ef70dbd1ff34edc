"""`ETag` and `If-Match` on aggregate versions: nobody overwrites what he has not seen."""

from fastapi import Request

from shared.web.problems import IF_MATCH_MISSING, VERSION_CHANGED, WebProblem


def etag(version: int) -> str:
    """Give the entity tag of an aggregate's version; set it as the `ETag` header of what you answer."""
    return f'"{version}"'


def require_match(request: Request, version: int) -> None:
    """Raise 428 when the request has no `If-Match`, 412 when none of its tags is the aggregate's present version.

    `*` is answered like a missing header: it would overwrite anything.
    """
    header = ",".join(request.headers.getlist("if-match")).strip()
    if header in ("", "*"):
        raise WebProblem(
            IF_MATCH_MISSING,
            "修改请求必须用 If-Match 请求头写明所依据的版本。",
            "请先查询该记录，把返回的 ETag 原样放入 If-Match 后再提交。",
        )
    current = etag(version)
    if current not in (tag.strip() for tag in header.split(",")):
        raise WebProblem(
            VERSION_CHANGED,
            "该记录在您查看之后已被修改。",
            "请重新查询，确认最新内容后用新的 ETag 再提交。",
            headers={"ETag": current},
        )
