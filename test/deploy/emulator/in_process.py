"""Calls of the emulator's own services from inside a provisioner.

Provisioners run on the server's event loop, so a call over HTTP would wait for itself. Here botocore makes
the request and reads the answer, and the service's handler is called in between, on a thread of its own.
"""

import asyncio
import contextvars
import importlib
import io
import threading
from urllib.parse import parse_qs, urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from ministack.core.responses import get_account_id, get_region

# Where a service's module has another name than its API.
MODULES = {"kafka": "msk"}
WAIT_SECONDS = 60


def client(service):
    """A botocore client of one of the emulator's services."""
    made = botocore.session.get_session().create_client(
        service,
        endpoint_url="http://in-process",
        region_name=get_region(),
        aws_access_key_id=get_account_id(),
        aws_secret_access_key="emulator",
        config=Config(retries={"max_attempts": 1}),
    )
    module = importlib.import_module(f"ministack.services.{MODULES.get(service, service)}")
    made.meta.events.register("before-send", lambda request, **_: _send(module, request))
    return made


def call(service, operation, properties):
    """Calls an operation with a template's properties, in the API's own case and types."""
    api = client(service)
    name = api.meta.method_to_api_mapping[operation]
    shape = api.meta.service_model.operation_model(name).input_shape
    return getattr(api, operation)(**_coerce(shape, properties))


def _coerce(shape, value):
    """A template's value as the API wants it: EBSStorageInfo is EbsStorageInfo there, "3" is 3, and a
    property of CloudFormation's alone is left out."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        return {
            members[key.lower()][0]: _coerce(members[key.lower()][1], each)
            for key, each in value.items()
            if key.lower() in members
        }
    if kind == "list" and isinstance(value, list):
        return [_coerce(shape.member, each) for each in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _coerce(shape.value, each) for key, each in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("double", "float"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _send(module, request):
    url = urlsplit(request.url)
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    # The account and region of the deployment are context variables.
    context = contextvars.copy_context()
    answers = []

    def handle():
        answers.append(
            asyncio.run(module.handle_request(request.method, url.path, headers, body, parse_qs(url.query)))
        )

    thread = threading.Thread(target=lambda: context.run(handle))
    thread.start()
    thread.join(WAIT_SECONDS)
    if not answers:
        raise RuntimeError(f"{request.method} {url.path} of {module.__name__} got no answer")
    status, answered, content = answers[0]
    raw = io.BytesIO(content if isinstance(content, bytes) else str(content).encode())
    raw.stream = lambda **_: iter(lambda: raw.read(65_536), b"")
    return AWSResponse(request.url, status, answered, raw)
