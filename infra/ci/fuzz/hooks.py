"""What the OpenAPI document cannot say of a valid request, and how often each was granted."""

import atexit
import collections
import json
import os
import urllib.parse

import requests
import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# One emoji, however many code points it takes.
EMOJI = ["\U0001f44d", "\u2764\ufe0f", "\U0001f1eb\U0001f1ee", "\U0001f469\u200d\U0001f52c", "\U0001f44b\U0001f3fd", "1\ufe0f\u20e3"]
schemathesis.openapi.format("emoji", strategies.sampled_from(EMOJI))

# The newest `next_cursor` of each list, in each of its orders.
CURSORS: dict[tuple, str] = {}
NOBODY = "01890000-0000-7000-8000-000000000000"
# Requests end sessions, their own too: seconds until the next one is begun.
SESSION_LIFE_S = 5


# Addresses that nobody can guess: a picture's, and the newest that an answer has led to.
ADDRESSES = {"GET /v1/pictures/{key}": os.environ["FUZZ_PICTURE"]}
# Answers of success, of each operation: `run` reads them when the fuzzer has ended.
GRANTED: collections.Counter[str] = collections.Counter()


@atexit.register
def keep_granted():
    with open(os.environ["FUZZ_GRANTED"], "w") as file:
        json.dump(GRANTED, file)


@schemathesis.auth(refresh_interval=SESSION_LIFE_S)
class Session:
    def get(self, case, context):
        account = {
            "username": os.environ["FUZZ_USERNAME"],
            "password": os.environ["FUZZ_PASSWORD"],
        }
        answer = requests.post(os.environ["FUZZ_URL"] + "/v1/auth/login", json=account, timeout=30)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, token, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def after_call(context, case, response):
    if 200 <= response.status_code < 400:
        GRANTED[case.operation.label] += 1
        for address in response.headers.get("location", []):
            ADDRESSES["GET /v1/files/{id}"] = address
    if response.status_code != 200:
        return
    try:
        answer = response.json()
    except ValueError:
        return
    if isinstance(answer, dict) and answer.get("next_cursor"):
        CURSORS[list_of(case)] = answer["next_cursor"]


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    case.body = with_whole_numbers(case.body)
    for name, value in (case.path_parameters or {}).items():
        # Taken from an answer in which it was null: nobody's id.
        if value in (None, "None"):
            case.path_parameters[name] = NOBODY
    if case.operation.label in ADDRESSES:
        address = urllib.parse.urlsplit(ADDRESSES[case.operation.label])
        [name] = case.path_parameters
        case.path_parameters[name] = address.path.rpartition("/")[2]
        case.query = dict(urllib.parse.parse_qsl(address.query))
    for place in (case.query, case.body):
        if isinstance(place, dict) and "cursor" in place:
            # Opaque: only one that the same list has given is valid.
            cursor = CURSORS.get(list_of(case))
            if cursor is None:
                del place["cursor"]
            else:
                place["cursor"] = cursor


def list_of(case):
    return case.operation.label, (case.query or {}).get("sort")


def with_whole_numbers(value):
    """JSON Schema takes 7.0 for an integer; the API, like most readers of JSON, does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_whole_numbers(item) for key, item in value.items()}
    return value
