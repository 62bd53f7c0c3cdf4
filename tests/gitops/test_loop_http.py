"""What the loop answers over HTTP, asked over HTTP."""

import hashlib
import hmac
import json
import socket
from dataclasses import replace

import pytest

from reconciler.diagnostics import LocalError, SpecError
from reconciler.gitops.config import load_config
from reconciler.gitops.config_told import HttpConfig
from reconciler.gitops.debounce import Debounce
from reconciler.gitops.http_thread import HttpThread
from tests.support.looped import condition, ill, refused, well
from tests.support.looped_http import BEARER, PASSWORD, SECRET, TOKEN, Clock, Served


@pytest.fixture
def serve(tmp_path):
    made = []

    def make(**more):
        made.append(Served(tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.thread.stop()
        assert not one.thread._thread.is_alive()


def test_it_lives_for_as_long_as_the_loop_moves(serve):
    served = serve()
    served.vitals.moved(600.0)
    served.clock.now += 1800
    assert served.ask("/livez").status_code == 200
    served.clock.now += 1
    assert served.ask("/livez").status_code == 503
    served.vitals.moved(600.0)
    assert served.ask("/livez").status_code == 200


def test_it_is_ready_once_it_has_begun_and_stays_so(serve):
    served = serve()
    assert served.ask("/readyz").status_code == 503
    served.vitals.has_config = served.vitals.has_signed_in = True
    answer = served.ask("/readyz")
    assert (answer.status_code, answer.text) == (503, "no revision was fetched\n")
    served.vitals.has_fetched = True
    served.passed(ill("Failed"))
    assert served.ask("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/status", "/status/chat"])
def test_everything_else_needs_the_token(serve, path):
    served = serve()
    served.passed(well())
    assert served.ask(path).status_code == 401
    assert "Basic" in served.ask(path).headers["WWW-Authenticate"]
    wrong = {"Authorization": "Bearer a-token-of-the-loo"}
    assert served.ask(path, headers=wrong).status_code == 401
    assert served.ask(path, headers=BEARER).status_code == 200
    assert served.ask(path, auth=("anybody", TOKEN)).status_code == 200


def test_a_token_that_was_rotated_holds_at_once(serve):
    served = serve()
    (served.folder / "token_file").write_text("another-token")
    assert served.ask("/status", headers=BEARER).status_code == 401
    new = {"Authorization": "Bearer another-token"}
    assert served.ask("/status", headers=new).status_code == 200


@pytest.mark.parametrize("content", [None, "", "two\nlines", "x" * 20_000])
def test_a_token_file_without_a_token_lets_nobody_in(serve, content):
    served = serve()
    (served.folder / "token_file").unlink()
    if content is not None:
        (served.folder / "token_file").write_text(content)
    for value in ("Bearer ", "Bearer two", f"Bearer {TOKEN}", ""):
        assert served.ask("/status", headers={"Authorization": value}).status_code == 403


def test_without_a_token_only_what_is_public_is_answered(serve):
    served = serve(token_file=None, public=["metrics"])
    assert served.ask("/metrics").status_code == 200
    answer = served.ask("/status")
    assert (answer.status_code, "http.token_file" in answer.text) == (403, True)
    assert served.ask("/reconcile/chat", "POST").status_code == 403


def test_the_metrics_are_prometheus_text(serve):
    served = serve()
    served.passed(well())
    answer = served.ask("/metrics", headers=BEARER)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'reconcile_pass_total{result="success",spec="chat"} 1.0' in answer.text


def test_the_status_has_pages_of_100_and_specs_that_had_no_pass(serve):
    served = serve()
    served.passed(*(well(f"s{number:03d}") for number in range(250)))
    first = served.ask("/status", headers=BEARER).json()
    assert (first["total"], first["pages"], len(first["specs"])) == (252, 3, 100)
    third = served.ask(first["next"].replace("2", "3"), headers=BEARER).json()
    assert len(third["specs"]) == 52
    assert "next" not in third
    assert (first["specs"][0]["spec"], first["specs"][0]["state"]) == ("chat", "unknown")
    assert served.ask("/status/new", headers=BEARER).json()["state"] == "unknown"
    for wrong in ("0", "x", "-1", "9999999", "\u0663"):
        assert served.ask(f"/status?page={wrong}", headers=BEARER).status_code == 400


def test_one_spec_is_told_whole(serve):
    served = serve()
    end = ill("Failed", problems=(refused(),), effect="plan-3f2a9c1b7d20", plan={"spec": "chat"})
    served.passed(replace(end, reads=9))
    found = served.ask("/status/chat", headers=BEARER).json()
    assert (found["state"], found["reads"], found["plan"]) == ("failed", 9, "plan-3f2a9c1b7d20")
    assert found["diagnostics"][0]["address"] == "endpoints.chat"
    assert found["resource_plan"] == {"spec": "chat"}
    (ready,) = found["conditions"]
    assert (ready["type"], ready["reason"]) == ("Ready", "Failed")
    assert ready["lastTransitionTime"] == "2026-11-29T12:00:00Z"
    assert served.ask("/status/unheard", headers=BEARER).status_code == 404


def test_no_answer_holds_a_secret(serve):
    served = serve()
    served.passed(ill("Failed", message=f"echoed {PASSWORD} and {TOKEN}", plan={"a": [TOKEN]}))
    served.ask("/hook", "POST", auth=("u", PASSWORD))
    for path in ("/status", "/status/chat", "/metrics"):
        text = served.ask(path, headers=BEARER).text
        assert TOKEN not in text
        assert PASSWORD not in text


def test_a_pass_is_asked_for_with_the_bearer_token_only(serve):
    served = serve()
    assert served.ask("/reconcile/chat", "POST").status_code == 401
    assert served.ask("/reconcile/chat", "POST", auth=("u", TOKEN)).status_code == 401
    assert served.ask("/reconcile/none", "POST", headers=BEARER).status_code == 404
    assert served.ask("/reconcile/chat", headers=BEARER).status_code == 405
    assert served.asked == []
    assert served.ask("/reconcile/chat", "POST", headers=BEARER).status_code == 202
    assert served.asked == ["chat"]


def signed(body, secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def test_a_hook_of_github_is_believed_by_its_signature(serve):
    served = serve()
    body = json.dumps({"ref": "refs/heads/main", "after": "f" * 40}).encode()
    for headers in (signed(body, "wrong"), signed(body + b" "), {}, {"X-Hub-Signature-256": "é"}):
        raw = {name: value.encode() for name, value in headers.items()}
        assert served.ask("/hook", "POST", data=body, headers=raw).status_code == 401
    assert served.asked == []
    assert served.ask("/hook", "POST", data=body, headers=signed(body)).status_code == 202
    assert served.asked == ["source"]


def test_a_hook_of_azure_devops_is_believed_by_its_password(serve):
    served = serve()
    assert served.ask("/hook", "POST", auth=("u", "wrong")).status_code == 401
    assert served.ask("/hook", "POST", auth=("u", PASSWORD), data=b"{}").status_code == 202
    assert served.asked == ["source"]


def test_without_a_secret_nobody_sends_hooks(serve):
    served = serve(github_secret_file=None, azure_devops_password_file=None)
    assert served.ask("/hook", "POST", data=b"", headers=signed(b"", "")).status_code == 403
    assert served.ask("/hook", "POST", auth=("", "")).status_code == 403


def test_a_hundred_hooks_are_one_look_now_and_one_at_the_end():
    clock, later, looked = Clock(), [], []
    debounce = Debounce(lambda seconds, do: later.append((seconds, do)), clock)
    for _ in range(100):
        debounce.call("hook", lambda: looked.append(clock.now))
        clock.now += 0.01
    ((seconds, do),) = later
    assert looked == [1000.0]
    assert seconds == pytest.approx(4.99)
    debounce.call("spec chat", lambda: looked.append("chat"))
    assert looked[-1] == "chat"
    clock.now = 1005.0
    do()
    assert looked[-1] == 1005.0
    debounce.call("hook", lambda: looked.append("again"))
    assert (len(later), looked[-1]) == (2, 1005.0)


def test_a_request_that_is_too_large_is_refused(serve):
    served = serve()
    body = b"x" * ((1 << 20) + 1)
    assert served.ask("/hook", "POST", data=body, headers=signed(body)).status_code == 413
    assert served.asked == []


def test_who_sends_nothing_is_shut_out_and_nobody_else(serve):
    served = serve(lifetime_s=0.2)
    with socket.create_connection(("127.0.0.1", served.thread.port), timeout=10) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nX-")
        assert served.ask("/livez").status_code == 200
        assert slow.recv(100) == b""


def test_only_a_hundred_are_served_at_once(serve):
    served = serve()
    address = ("127.0.0.1", served.thread.port)
    held = [socket.create_connection(address, timeout=10) for _ in range(100)]
    for one in held:
        one.sendall(b"GET /livez HTTP/1.1\r\n")
    with socket.create_connection(address, timeout=10) as late:
        assert late.recv(10) == b""
    for one in held:
        one.close()


def test_what_is_answered_is_neither_kept_nor_framed(serve):
    served = serve()
    for path in ("/livez", "/status", "/nowhere"):
        headers = served.ask(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_mistake_of_ours_is_an_answer_without_a_traceback(serve, capfd):
    served = serve()
    served.last.all = lambda: 1 / 0
    answer = served.ask("/status", headers=BEARER)
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "ZeroDivisionError: division by zero"},
    )
    assert served.ask("/livez").status_code == 200
    assert "Traceback" not in "".join(capfd.readouterr())


def test_an_address_that_is_taken_is_an_error_with_a_way_out(serve):
    served = serve()
    with pytest.raises(LocalError) as error:
        HttpThread(served.thread._told, f"127.0.0.1:{served.thread.port}").start()
    (problem,) = error.value.diagnostics
    assert problem.summary.startswith("cannot listen at 127.0.0.1:")
    assert "`listen`" in problem.hint


CONFIG = """
version: 1
source: {folder: .}
specs: [{name: a, path: a.yaml}]
listen: LISTEN
http: {token_file: /secrets/token, public: [metrics]}
metrics: {per_spec: never}
"""


def test_the_configuration_says_where_to_listen_and_who_may_ask(tmp_path):
    file = tmp_path / "loop.yaml"
    file.write_text(CONFIG.replace("LISTEN", "0.0.0.0:8080"))
    config = load_config(str(file))
    assert (config.listen, config.metrics.per_spec) == ("0.0.0.0:8080", "never")
    assert config.http == HttpConfig(token_file="/secrets/token", public=["metrics"])
    file.write_text(CONFIG.replace("LISTEN", "localhost"))
    with pytest.raises(SpecError) as error:
        load_config(str(file))
    assert "ADDRESS:PORT" in str(error.value.diagnostics)


def test_a_spec_that_stalled_is_stalled_in_the_status_of_all(serve):
    served = serve()
    stalled = condition("Stalled", "True", "InvalidSpec", "bad")
    served.passed(replace(well(), conditions=(stalled, condition("Ready", "False", "Stalled"))))
    (chat, _) = served.ask("/status", headers=BEARER).json()["specs"]
    assert (chat["state"], chat["ready"], chat["reason"]) == ("stalled", "False", "Stalled")
