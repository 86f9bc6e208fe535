"""A server in the place of a CI's endpoint: gives answers one by one."""

from collections.abc import Iterator

import httpx

from ci_secrets.errors import CiSecretsError
from ci_secrets.http import Http


class Answers:
    """What it is to answer, and what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.http = Http(transport=httpx.MockTransport(self), sleep=self.pauses.append)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(error: CiSecretsError) -> str:
    """All that people are shown of an error."""
    return f"{error.what}\n{error.cause}\n{error.fix}"
