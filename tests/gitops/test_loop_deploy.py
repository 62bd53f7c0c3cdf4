"""The alerts and the dashboard that are shipped read metrics that the loop has."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from reconciler.cloud.traffic import Traffic
from reconciler.gitops.config import load_config
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.metrics import Metrics
from reconciler.gitops.vitals import Vitals
from tests.support.looped import condition, well
from tests.support.promql import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
ADDED = {"instance", "job", "le"}
"""Labels that Prometheus adds, and that of buckets."""


@pytest.fixture(scope="module")
def samples():
    """Return the labels of every sample that a loop has."""
    last, traffic = LastPasses(), Traffic()
    metrics = Metrics(last, Vitals(feed_lag_s=1.0), traffic)
    traffic.answered("GET", "https://management.azure.com/", 200)
    cost = {"cost": {"currency": "USD", "per_hour_serving": {"amount": "1"}}}
    conditions = [
        *well().conditions,
        condition("LeaseHeld", "True", "Held"),
        condition("Stalled", "False", "Succeeded"),
    ]
    end = replace(well(plan=cost), conditions=tuple(conditions))
    last.passed(end)
    metrics.passed(end)
    families = text_string_to_metric_families(metrics.text().decode())
    return {one.name: set(one.labels) for family in families for one in family.samples}


def rules():
    found = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())
    return {rule["alert"]: rule for group in found["groups"] for rule in group["rules"]}


def panels():
    return json.loads((DEPLOY / "grafana/reconcile.json").read_text())["panels"]


def expressions():
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules().values()), *shown]


def read(expression):
    return parse(expression.replace("$__rate_interval", "5m"))


@pytest.mark.parametrize("expression", expressions())
def test_every_expression_is_promql_over_metrics_and_labels_that_there_are(expression, samples):
    query = read(expression)
    assert query.selectors
    for name, labels in query.selectors:
        assert name in samples
        assert set(labels) <= samples[name] | ADDED
    known = set().union(*(samples[name] for name, _ in query.selectors))
    assert query.groupings <= known | ADDED


def test_there_are_four_alerts_each_with_words_and_a_severity():
    assert set(rules()) == {
        "ReconcileNoSuccess",
        "ReconcileStalled",
        "ReconcileContended",
        "ReconcileApprovalWaiting",
    }
    for rule in rules().values():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].startswith("{{ $labels.spec }}: ")
        assert rule["annotations"]["description"]


def test_every_alert_is_tried_by_its_own_tests():
    tests = yaml.safe_load((DEPLOY / "prometheus/alerts.test.yaml").read_text())["tests"]
    tried = [one for test in tests for one in test["alert_rule_test"]]
    for expected in (True, False):
        named = {one["alertname"] for one in tried if bool(one["exp_alerts"]) is expected}
        assert named == set(rules())


def test_the_dashboard_shows_every_metric_of_the_loop(samples):
    shown = {name for expression in expressions() for name, _ in read(expression).selectors}
    of_histograms = ("_created", "_count", "_sum")
    assert {name for name in samples if not name.endswith(of_histograms)} <= shown


def test_panels_have_numbers_of_their_own_and_do_not_overlap():
    assert len({panel["id"] for panel in panels()}) == len(panels())
    cells = [
        (x, y)
        for panel in panels()
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_names_no_data_source_of_its_own():
    text = (DEPLOY / "grafana/reconcile.json").read_text()
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"${datasource}", "reconcile-loop"}


def test_the_configuration_for_kubernetes_lets_prometheus_in_and_nobody_else():
    config = load_config(str(DEPLOY / "kubernetes/loop.yaml"))
    assert (config.listen, config.http.public) == ("0.0.0.0:8080", ["metrics"])
    assert config.http.token_file == "/secrets/http-token"
    assert [one.type for one in config.notify] == ["github_status"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "sum(",
        "sum by spec (a)",
        "rate(a)",
        "a[5m]",
        "sum(a[5m])",
        "a{spec}",
        'a{spec>"x"}',
        "a b",
        "a > ",
        "a[5]",
        "nothing_like_it(a)",
        "histogram_quantile(a)",
        "rate(a[5m]) +",
        'a{spec="x}',
        "a ?? b",
    ],
)
def test_what_is_no_promql_is_found(wrong):
    with pytest.raises(
        ValueError, match=r"no PromQL|expected|one too many|other|known here|range|label"
    ):
        parse(wrong)
