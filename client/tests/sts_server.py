"""A loopback STS: counts what is asked, and answers AssumeRole and GetCallerIdentity or refuses them."""

import threading
import time
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from capture import Answer, CaptureServer, Received

_XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


class StsServer(CaptureServer):
    def __init__(self) -> None:
        self.caller = "arn:aws:sts::222222222222:assumed-role/gatehouse-vision-ada/ada"
        self.refuse: tuple[int, str, str] | None = None
        self.delay = 0.0
        self.lifetime = 3600.0
        self.asked: list[dict[str, str]] = []
        self._lock = threading.Lock()
        super().__init__(self._respond)

    def count(self, action: str) -> int:
        return sum(call["Action"] == action for call in self.asked)

    def _respond(self, request: Received) -> Answer:
        call = dict(parse_qsl(request.body.decode()))
        with self._lock:
            self.asked.append(call)
            number = self.count("AssumeRole")
        time.sleep(self.delay)
        if self.refuse and call["Action"] == "AssumeRole":
            status, code, message = self.refuse
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return _xml(f"<ErrorResponse xmlns='{_XMLNS}'>{error}<RequestId>r</RequestId></ErrorResponse>", status)
        if call["Action"] == "GetCallerIdentity":
            return _result(call["Action"], f"<Arn>{self.caller}</Arn><UserId>u</UserId><Account>222222222222</Account>")
        until = datetime.fromtimestamp(time.time() + self.lifetime, timezone.utc).isoformat()
        return _result(
            call["Action"],
            f"<Credentials><AccessKeyId>ASIAROLE{number}</AccessKeyId><SecretAccessKey>role-secret-{number}"
            f"</SecretAccessKey><SessionToken>role-token-{number}</SessionToken><Expiration>{until}</Expiration>"
            "</Credentials>",
        )


def _result(action: str, inner: str) -> Answer:
    return _xml(f"<{action}Response xmlns='{_XMLNS}'><{action}Result>{inner}</{action}Result></{action}Response>", 200)


def _xml(text: str, status: int) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/xml"})
