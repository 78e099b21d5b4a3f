"""Signs requests with botocore's own SigV4Auth: reads a JSON list of requests, writes them with the headers to send."""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

given = json.load(sys.stdin)
credentials = Credentials(given["accessKeyId"], given["secretAccessKey"], given["sessionToken"])
answers = []
for one in given["requests"]:
    request = AWSRequest(
        method=one["method"], url=one["url"], headers=one.get("headers", {}), data=one["body"].encode()
    )
    SigV4Auth(credentials, "execute-api", "eu-west-1").add_auth(request)
    answers.append({**one, "headers": dict(request.headers.items())})
json.dump(answers, sys.stdout)
