"""Azure's answers as a plan got them, given again with one of them changed.

The sandbox answers once; after that a run takes a fraction of a second and no server.
"""

import copy
import io
import json
import random
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from reconciler.cloud.session import BoundedSession

HUGE = 10**30
VALUES = (None, True, 0, -1, HUGE, 1.5, "", "x", "5", [], [1], ["x"], [None], [[]], {}, {"a": 1})
NESTED = ({"value": [{}]}, {"id": 5}, {"properties": "x"}, [{"properties": []}], "\x00", "\ud83d")


class Answers:
    """What each request was answered, the last answer of each."""

    def __init__(self):
        self.known = {}

    @contextmanager
    def recorded(self):
        """Keep every answer to a request of the product."""
        send = BoundedSession.send

        def kept(session, request, **options):
            response = send(session, request, **options)
            self.known[_key(request)] = (response.status_code, response.headers, response.content)
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BoundedSession, "send", kept)
            yield

    @contextmanager
    def replayed(self, changed=None):
        """Answer from what is known; `changed` maps a request to other bytes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                BoundedSession, "send", lambda _, request, **o: self._of(request, changed)
            )
            yield

    def _of(self, request, changed):
        key = _key(request)
        status, headers, content = self.known.get(key, (404, {}, b'{"error":{"code":"NotFound"}}'))
        response = requests.Response()
        response.status_code = status
        response.headers = requests.structures.CaseInsensitiveDict(headers)
        response.raw = io.BytesIO((changed or {}).get(key, content))
        response.url, response.request = request.url, request
        return response

    def mutants(self, seed):
        """Return a request and its answer with something changed, by a seed."""
        chance = random.Random(seed)
        keys = sorted(
            key for key, (_, _, content) in self.known.items() if content.strip()[:1] in b"[{"
        )
        key = chance.choice(keys)
        content = json.loads(self.known[key][2])
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            content = mutated(content, chance)
        return {key: json.dumps(content).encode("utf-8", "surrogatepass")}


def _key(request):
    parts = urlsplit(request.url)
    return request.method, parts.path.casefold(), parts.query


def mutated(value, chance):
    """Return JSON with one place of it changed: another type, gone, or said twice as deep."""
    places = list(_places(value))
    path = chance.choice(places)
    if not path:
        return copy.deepcopy(chance.choice((*VALUES, *NESTED)))
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    match chance.randrange(5):
        case 0:
            del holder[path[-1]]
        case 1:
            holder[path[-1]] = [holder[path[-1]]]
        case 2:
            holder[path[-1]] = {"value": holder[path[-1]]}
        case _:
            holder[path[-1]] = copy.deepcopy(chance.choice((*VALUES, *NESTED)))
    return value


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(item, (*path, key))
