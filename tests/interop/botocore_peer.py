"""Signs by botocore: reads jobs as JSON, does each, and writes the answers as JSON.

`send` signs a request and sends it by botocore's own HTTP client. `compute` takes a request that is signed
already, and gives the signature that botocore's signer has for it.
"""

import json
import sys

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session


def signer_of(job):
    credentials = Credentials(job["keyid"], job["secret"], job.get("token"))
    return getattr(auth, job["signer"])(credentials, job["service"], job["region"])


def request_of(job):
    body = job.get("body")
    data = None if body is None else body.encode()
    return AWSRequest(job["method"], job["url"], headers=job["headers"], data=data)


def send(job):
    request = request_of(job)
    signer_of(job).add_auth(request)
    return URLLib3Session().send(request.prepare()).status_code


def compute(job):
    signer = signer_of(job)
    request = request_of(job)
    request.context["timestamp"] = job["timestamp"]
    canonical = signer.canonical_request(request)
    return signer.signature(signer.string_to_sign(request, canonical), request)


ACTIONS = {"send": send, "compute": compute}

print(json.dumps([ACTIONS[job["action"]](job) for job in json.load(sys.stdin)]))
