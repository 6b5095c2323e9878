"""Hooks for Schemathesis: what the API demands and its OpenAPI document cannot say.

They change only what fits the document. So what does not fit it is refused for that,
and for nothing else. Each hook says why it is needed.

Left out, and nothing else:

- The check `unsupported_method`. It wants 405 for another method of a path. API Gateway
  knows no such route, and answers 404.
- Failures of an answer 431: see `filter_failure`.

ZEGO_CALLBACK_SECRET and LIST_TOKEN are those of the stack, whose list is not open.
"""

import atexit
import hashlib
import json
import os
import re
import time
import zlib
from collections import Counter
from decimal import Decimal

import requests
import schemathesis
from schemathesis.generation.meta import negated_parameters

SECRET = os.environ["ZEGO_CALLBACK_SECRET"]
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['LIST_TOKEN']}"}

CALLBACK = "POST /callbacks/zego"
LIST = "GET /streams"
STREAM = "GET /streams/{stream_id}"

PAGE = ("limit", "cursor", "order", "room_id")
SAME_LIST = ("order", "room_id", "appid")

MAX_BYTES = {
    "stream_id": 256,
    "stream_alias": 256,
    "stream_sid": 512,
    "room_id": 512,
    "channel_id": 512,
    "room_session_id": 64,
}

answers = Counter()
results = Counter(applied=0, unchanged=0, ignored=0)
followed = Counter(cursors=0)


@schemathesis.hook
def before_load_schema(context, schema):
    """By the document a list may be open. This one is not, so `ignored_auth` can look."""
    for methods in schema["paths"].values():
        for operation in methods.values():
            operation["security"] = [way for way in operation["security"] if way]


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.label == CALLBACK and isinstance(case.body, dict):
        arrange(case.body)
        shorten(case.body)
        sign(case.body, case.media_type)
    if case.operation.label == LIST:
        shorten(case.query)
        separate(case)
        follow(case)
    if case.operation.label == STREAM:
        shorten(case.query)
    match(case)


@schemathesis.hook
def after_call(context, case, response):
    answers[case.operation.label, response.status_code] += 1
    if case.operation.label == CALLBACK and response.status_code == 200:
        results[response.json()["result"]] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A URL of many ids is too long for any server, whether it fits the document or not.

    A document cannot say how long it may be, and checks do not count 431 as a refusal.
    """
    return response.status_code != 431


@schemathesis.check
def exact_acceptance(context, response, case):
    """What fits the document is answered 200 or 304, or 404 where no stream is known.

    `positive_data_acceptance` lets 401 pass too, and so a callback that is refused for
    its signature.
    """
    if not is_positive(case):
        return
    accepted = (200, 304, 404) if case.operation.label == STREAM else (200, 304)
    message = f"{response.status_code} for a request that fits the document"
    assert response.status_code in accepted, message


def shorten(fields):
    """Ids have a greatest length in bytes. `maxLength` counts characters.

    Characters from U+0000 to `$` count twice: many of them make a key too long to store.
    """
    for name, most in MAX_BYTES.items():
        value = fields.get(name)
        if isinstance(value, list):
            fields[name] = [prefix(text, most) for text in value]
        elif value is not None:
            fields[name] = prefix(value, most)


def prefix(text, most):
    if not isinstance(text, str) or len(text) > most:
        return text
    while sum(2 if char <= "$" else len(char.encode()) for char in text) > most:
        text = text[:-1]
    return text


def arrange(body):
    """A form that begins with `{`, `[` or `"` is taken for broken JSON.

    A document says nothing of the order of fields. Those of such names come last here.
    """
    last = [name for name in body if name.strip().startswith(("{", "[", '"'))]
    for name in last:
        body[name] = body.pop(name)


def sign(body, media_type):
    """A signature has to be right, and a timestamp of now.

    Both are put into an envelope that is well formed. One that is not stays as it is.
    """
    keys = [
        name if body.get(name) is not None else name.capitalize()
        for name in ("timestamp", "nonce", "signature")
    ]
    timestamp, nonce, signature = (text_of(body.get(key), media_type) for key in keys)
    if not (nonce and signature and timestamp and re.fullmatch("[0-9]+", timestamp)):
        return
    now = int(time.time() * 1000) if len(timestamp) == 13 else int(time.time())
    body[keys[0]] = str(now) if isinstance(body[keys[0]], str) else now
    parts = sorted(part.encode() for part in (SECRET, str(now), nonce))
    body[keys[2]] = hashlib.sha1(b"".join(parts)).hexdigest()


def text_of(value, media_type):
    """A string or a number as the API reads it, else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    literal = json.dumps(value)
    if media_type != "application/json" or value != value // 1:
        return literal
    # In JSON, 1e3 and 1.0 are the integers 1000 and 1. An exponent makes none of more than 64 characters.
    digits = str(int(Decimal(literal)))
    return digits if len(digits) <= 64 else literal


def separate(case):
    """A query has `stream_id` or the parameters of pages.

    A document cannot say that some parameters do not go with another.
    """
    page = [name for name in PAGE if name in case.query]
    if not (page and case.query.get("stream_id")):
        return
    broken = {name for name, _ in negated_parameters(case.meta)}
    if broken.isdisjoint(["stream_id", *page]):
        left_out = page if one_in_two(case.query) else ["stream_id"]
    else:
        left_out = page if "stream_id" in broken else ["stream_id"]
    for name in left_out:
        if name not in broken:
            del case.query[name]


def follow(case):
    """A cursor has to be the `next_cursor` of a page of the same list.

    A list of one page has none, so the parameter is left out.
    """
    if not (case.query.get("cursor") and isinstance(case.query["cursor"], str)):
        return
    query = {name: case.query[name] for name in SAME_LIST if name in case.query}
    query["limit"] = 1
    url = f"{case.operation.base_url}/streams"
    page = requests.get(url, query, headers=AUTHORIZATION, timeout=10).json()
    if page.get("next_cursor") is None:
        del case.query["cursor"]
    else:
        case.query["cursor"] = page["next_cursor"]
        followed["cursors"] += 1


def match(case):
    """No made-up ETag is that of an answer, so 304 would never come. `*` fits any."""
    asked = case.headers.get("If-None-Match"), case.path_parameters, case.query
    if asked[0] is not None and is_positive(case) and one_in_two(asked):
        case.headers["If-None-Match"] = "*"


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def one_in_two(value):
    """Chance, but the same for the same value."""
    return zlib.crc32(repr(value).encode()) % 2 == 0


@atexit.register
def tell():
    for label in sorted({label for label, _ in answers}):
        statuses = sorted(status for other, status in answers if other == label)
        counts = [f"{status} {answers[label, status]}x" for status in statuses]
        print(f"{label}: {', '.join(counts)}")
    counts = [f"{count} {result}" for result, count in results.items()]
    print(f"Callbacks: {', '.join(counts)}")
    print(f"Cursors followed: {followed['cursors']}")
