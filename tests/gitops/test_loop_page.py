"""The loop's page for people: every spec, the urgent first, and nothing that runs or loads."""

import base64
import hashlib
import re
import shlex
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.records import Drift, Working
from reconciler.gitops.status import overview
from reconciler.render.loop_page import approve_command, loop_page
from reconciler.render.plan_html import MAX_BYTES
from tests.support.looped import NOON, REVISION, condition, ill, refused, well
from tests.support.looped_http import BEARER, Served

HOSTILE = "x\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x1b[31m##vso[x]"
TARGET = {"subscription_id": "0000", "resource_group": "rg-chat", "location": "westeurope"}


def change(address, actions=("create",), **more):
    fields = [{"name": "size", "before": "old", "after": more.pop("after", "new")}]
    shown = {"what": "compute cluster", "intent": "will be created", "notes": ["a note"]}
    return {
        "address": address,
        "type": "compute_cluster",
        "change": {"actions": list(actions)},
        "shown": {**shown, "fields": fields, "left_out": ""},
        **more,
    }


def plan(*changes, amount="1.50"):
    cost = {"currency": "USD", "per_hour_serving": {"amount": amount, "unknown": []}}
    changed = list(changes) or [change("compute.gpu")]
    return {"target": TARGET, "resource_changes": changed, "cost": cost}


def page_of(*ends, specs=(), number=1, minutes=3):
    last = LastPasses()
    for end in ends:
        last.passed(end)
    names = [*specs, *dict.fromkeys(end.spec for end in ends)]
    at = NOON + timedelta(minutes=minutes)
    return loop_page(overview(names, last.all(), number, at))


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def body_of(page):
    return Elements(page.split("<body>")[1])


def test_every_spec_is_there_the_urgent_first():
    stalled = (condition("Stalled", "True", "InvalidSpec"), condition("Ready", "False", "Stalled"))
    drift = (*well().conditions[:1], condition("Synced", "False", "Drifted"))
    page = page_of(
        well("a-ready"),
        replace(well("b-drifted"), conditions=drift),
        ill("Suspended", spec="c-held"),
        ill("WaitingForApproval", spec="d-approval"),
        ill("Failed", spec="e-failed"),
        replace(well("f-stalled"), conditions=stalled),
        specs=["g-new"],
    )
    order = re.findall(r"<code>([a-g]-\w+)</code>", page)
    assert order == [
        "f-stalled",
        "e-failed",
        "d-approval",
        "b-drifted",
        "c-held",
        "g-new",
        "a-ready",
    ]
    assert (
        "7 specs 1 stalled 1 failed 1 waits for approval 1 drifted"
        in body_of(page.replace("</span>", " </span>")).text
    )


def test_what_waits_for_approval_shows_its_plan_and_the_command_that_approves_it():
    waiting = ill("WaitingForApproval", effect="plan-3f2a9c1b7d20", plan=plan())
    text = body_of(page_of(waiting)).text
    assert (
        "az tag update --operation Merge --resource-id /subscriptions/0000/resourceGroups/rg-chat "
        "--tags reconcile-approve.chat=plan-3f2a9c1b7d20" in text
    )
    assert "waits since 2026-11-29T12:00:00Z" in text
    assert "the plan: 1 change" in text
    assert "compute.gpu compute cluster will be created" in text


def test_changes_and_drift_that_both_wait_are_approved_together():
    both = ("plan-aaaaaaaaaaaa", "plan-bbbbbbbbbbbb")
    waiting = ill("WaitingForApproval", effect=both[0], approvals=both, plan=plan())
    text = body_of(page_of(waiting)).text
    assert f"--tags 'reconcile-approve.chat={' '.join(both)}'" in text


def test_the_command_is_one_for_a_shell_whatever_the_group_is_called():
    target = {**TARGET, "resource_group": "rg (old); rm -rf $HOME"}
    words = shlex.split(approve_command("chat", "plan-1", {"target": target}))
    assert words[6] == "/subscriptions/0000/resourceGroups/rg (old); rm -rf $HOME"
    assert approve_command("chat", "plan-1", None) == ""


def test_drift_names_field_and_author():
    rows = (
        Drift("deployments.blue", "instance_count", "ann@contoso.com", "Azure Portal", "", NOON),
        Drift("compute.gpu", ""),
    )
    conditions = (*well().conditions[:1], condition("Synced", "False", "Drifted", "changed"))
    page = page_of(replace(well(), conditions=conditions, drift=rows, contended=(Drift("a", "b"),)))
    rows = body_of(page.replace("<td>", "<td> ")).text
    assert "deployments.blue instance_count ann@contoso.com Azure Portal 2026-11-29T12:00" in rows
    assert "compute.gpu all of it nobody knows who" in rows
    assert "2 drifted" in rows
    assert "<h3>Left to another writer for now</h3><ul><li><code>a.b</code></li></ul>" in page


def test_a_running_job_shows_its_phase_and_since_when():
    first = well(working=(Working("jobs.finetune", "job"), Working("compute.gpu", "cluster")))
    later = well(working=(Working("jobs.finetune", "job", "Running"),), minutes=90)
    text = body_of(page_of(first, later, minutes=95)).text
    assert "jobs.finetune job: Running, since 2026-11-29T12:00:00Z" in text
    assert "compute.gpu" not in text
    assert "as of 2026-11-29T13:35:00Z" in text


def test_costs_are_told_by_spec_and_together():
    text = body_of(page_of(well("a", plan=plan()), well("b", plan=plan(amount="2")))).text
    assert "USD 3.50 an hour while serving" in text
    assert "USD 1.50/h" in text


def test_a_quiet_pass_keeps_the_cost_that_was_told_last():
    assert "USD 1.50/h" in page_of(well(plan=plan()), well(minutes=10))


def test_problems_say_what_to_do():
    problem = refused(hint="lower `instance_count`")
    text = body_of(page_of(ill("Failed", problems=(problem,) * 60))).text
    assert "error: no quota (request 1); lower `instance_count`" in text
    assert "and 10 more" in text


def hostile_page():
    end = ill("WaitingForApproval", spec=HOSTILE, message=HOSTILE, effect=HOSTILE)
    drift = (Drift(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, NOON),)
    target = dict.fromkeys(TARGET, HOSTILE)
    told = plan(change(HOSTILE, after=HOSTILE, reason=HOSTILE)) | {"target": target}
    told["cost_sentence"], told["cost"]["currency"] = HOSTILE, HOSTILE
    problem = replace(refused(), summary=HOSTILE, hint=HOSTILE, address=HOSTILE)
    working = (Working(HOSTILE, HOSTILE, HOSTILE),)
    end = replace(end, plan=told, drift=drift, problems=(problem,), working=working)
    return page_of(replace(end, contended=drift, approvals=(HOSTILE,)))


def test_nothing_that_others_named_becomes_an_element_or_steers_anything():
    page = hostile_page()
    elements = Elements(page)
    tags = {tag for tag, _ in elements.found}
    assert [tag for tag, _ in elements.found].count("script") == 1
    assert not tags & {"img", "iframe", "object", "form", "link", "base"}
    assert not any(name.startswith("on") for _, attrs in elements.found for name in attrs)
    assert page.count("&lt;script&gt;alert(1)") >= 10
    for harmful in ("\u202e", "\x1b", "##vso["):
        assert harmful not in page


def test_the_page_allows_its_own_style_and_filter_and_loads_nothing():
    page = page_of(well())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    parts = (re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1] for tag in ("style", "script"))
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in parts]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"""(src|href|action)=["'](?!\?page=)""", page)
    assert "prefers-color-scheme:dark" in page


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (25, 1), (1000, 10)])
def test_one_25_and_1000_specs(count, pages):
    ends = [well(f"spec-{number:04d}") for number in range(count)]
    page = page_of(*ends, number=pages)
    shown = re.findall(r"<code>spec-(\d{4})</code>", page)
    assert len(shown) == min(count, 100)
    assert int(shown[-1]) == count - 1
    assert page.count("<a href=") == pages - 1
    assert len(page) < 200_000


def test_urgent_specs_are_unfolded_where_they_are_few():
    few = [ill("Failed", spec=f"s{number}") for number in range(10)]
    assert page_of(*few).count("class='change' open") == 10
    assert "class='change' open" not in page_of(*few, ill("Failed", spec="one-more"))


def test_many_large_plans_do_not_make_the_page_endless():
    large = plan(*(change(f"compute.c{number}", after="x" * 2000) for number in range(150)))
    ends = [ill("Failed", spec=f"s{number}", plan=large) for number in range(30)]
    page = page_of(*ends)
    assert MAX_BYTES < len(page) < 1.2 * MAX_BYTES
    assert "and 50 more" in page
    assert page.count("<code>s") == 30


def test_it_is_served_behind_the_token(tmp_path):
    served = Served(tmp_path)
    try:
        served.passed(well())
        assert served.ask("/").status_code == 401
        answer = served.ask("/", headers=BEARER)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert REVISION.commit[:12] in answer.text
        assert "<code>new</code>" in answer.text
    finally:
        served.thread.stop()
