"""Run history, job logs and the MLflow tracking calls that read a run."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from aiohttp import web

from reconciler.sandbox.serving.exchange import (
    AmlError,
    Json,
    caller,
    json_body,
    workspace_of,
)
from reconciler.sandbox.serving.jobs import Job, find_job
from reconciler.sandbox.serving.traininglog import final_loss, log_text, steps
from reconciler.sandbox.world import World

JOBS = "Microsoft.MachineLearningServices/workspaces/jobs"
LOG = "user_logs/std_log.txt"
MLFLOW_STATUS = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
NOT_RUN = "[sandbox] The command of this job was not run.\n"
METRICS = ("train_loss", "learning_rate", "epoch")


class History:
    """Handlers that show a job as a run."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def details(self, request: web.Request) -> web.StreamResponse:
        """GET .../runs/{run}/details: what `jobs.stream` follows."""
        job = self._job(request)
        return web.json_response(self._details(job))

    async def run(self, request: web.Request) -> web.StreamResponse:
        """GET .../runs/{run}: the same without logs."""
        shown = self._details(self._job(request))
        return web.json_response({key: shown[key] for key in shown if key != "logFiles"})

    async def modify(self, request: web.Request) -> web.StreamResponse:
        """PATCH .../experiments/{experiment}/runs/{run}: what may be changed of a run afterwards.

        Source: azure-ai-ml's client of the run history (CreateRun, where `hidden` is what Azure
        Resource Manager shows as `isArchived`).
        """
        job = self._job(request)
        properties = job.record.body["properties"]
        if properties.get("experimentName") != request.match_info["experiment"]:
            raise AmlError(404, "RunNotFound", f"Run {job.run.name} was not found")
        changed = await json_body(request)
        for sent, name in (("hidden", "isArchived"), ("displayName",) * 2, ("description",) * 2):
            if changed.get(sent) is not None:
                properties[name] = changed[sent]
        for name in ("tags", "properties"):
            properties[name] = {**(properties.get(name) or {}), **(changed.get(name) or {})}
        self._world.store.put(job.record)
        return await self.run(request)

    async def runs_of_compute(self, request: web.Request) -> web.StreamResponse:
        """GET .../computes/{compute}/runs: the runs on a cluster, newest first, a page at a time.

        Source: azure-ai-ml's client of the run history (`runs_list_by_compute`, PaginatedRun).
        """
        caller(self._world, request)
        workspace = workspace_of(self._world, request)
        named = f"{workspace['id']}/computes/{request.match_info['compute']}".lower()
        jobs = [job for job in self._jobs_of(str(workspace["id"])) if _cluster(job) == named]
        jobs.reverse()
        start, most = _page(request, "$continuationtoken", 0), _page(request, "$top", len(jobs))
        shown = [self._details(job) for job in jobs[start : start + most]]
        token = str(start + most) if start + most < len(jobs) else None
        runs = [{key: one[key] for key in one if key != "logFiles"} for one in shown]
        following = request.rel_url.update_query({"$continuationtoken": token or ""})
        link = f"{self._world.base_url}{following}" if token else None
        return web.json_response({"value": runs, "continuationToken": token, "nextLink": link})

    def _jobs_of(self, workspace_id: str) -> list[Job]:
        records = self._world.store.of_type(JOBS, workspace_id)
        names = [record.name for record in records]
        return [find_job(self._world, workspace_id, name, polled=False) for name in names]

    async def log(self, request: web.Request) -> web.StreamResponse:
        """GET of a URL from logFiles; its signature stands in for a SAS."""
        workspace, name = request.query.get("workspace", ""), request.match_info["run"]
        wanted = self._signature(f"{workspace}/jobs/{name}")
        if not hmac.compare_digest(wanted, request.query.get("sig", "")):
            raise AmlError(403, "AuthenticationFailed", "The signature of the URL is wrong.")
        job = find_job(self._world, workspace, name, polled=False)
        if job.is_command:
            return web.Response(text=job.record.hidden.get("log") or NOT_RUN)
        message = job.error["message"] if job.error else None
        return web.Response(text=log_text(job.run, job.share, message))

    async def mlflow_run(self, request: web.Request) -> web.StreamResponse:
        """GET mlflow/runs/get?run_id=."""
        job = self._mlflow_job(request)
        start, end = (
            _millis(self._when(job, "startTimeUtc")),
            _millis(self._when(job, "endTimeUtc")),
        )
        facts = {
            "run_id": job.run.name,
            "run_uuid": job.run.name,
            "run_name": job.run.name,
            "status": MLFLOW_STATUS.get(job.status, "RUNNING" if job.has_started else "SCHEDULED"),
            "lifecycle_stage": "active",
            "start_time": start,
            "end_time": end,
        }
        parameters = {
            "num_train_epochs": job.run.epochs,
            "learning_rate": job.run.learning_rate,
            "train_batch_size": job.run.batch_size,
        }
        data = {
            "metrics": [history[-1] for name in METRICS if (history := _metric(job, name, start))],
            "params": [{"key": name, "value": str(text)} for name, text in parameters.items()],
            "tags": [{"key": "sandbox", "value": "nothing was trained"}],
        }
        return web.json_response({"run": {"info": facts, "data": data}})

    async def mlflow_metric(self, request: web.Request) -> web.StreamResponse:
        """GET mlflow/metrics/get-history?run_id=&metric_key=."""
        job = self._mlflow_job(request)
        name = request.query.get("metric_key", "")
        start = _millis(self._when(job, "startTimeUtc"))
        found = _metric(job, name, start) if name in METRICS else []
        return web.json_response({"metrics": found})

    def _job(self, request: web.Request) -> Job:
        caller(self._world, request)
        workspace = workspace_of(self._world, request)
        return find_job(self._world, str(workspace["id"]), request.match_info["run"])

    def _mlflow_job(self, request: web.Request) -> Job:
        caller(self._world, request)
        workspace = workspace_of(self._world, request)
        name = request.query.get("run_id") or request.query.get("run_uuid", "")
        return find_job(self._world, str(workspace["id"]), name)

    def _details(self, job: Job) -> Json:
        properties = job.record.body.get("properties", {})
        workspace_id = job.record.id.rpartition("/jobs/")[0]
        base = f"{self._world.base_url}/_aml/logs/{job.run.name}/{LOG}"
        signature = self._signature(f"{workspace_id}/jobs/{job.run.name}")
        url = f"{base}?workspace={workspace_id}&sig={signature}"
        return {
            "runId": job.run.name,
            "target": str(properties.get("computeId") or "serverless").rpartition("/")[2],
            "status": job.status,
            "startTimeUtc": self._when(job, "startTimeUtc"),
            "endTimeUtc": self._when(job, "endTimeUtc"),
            "error": self._error(job),
            "warnings": [],
            "tags": properties.get("tags") or {},
            "properties": properties.get("properties") or {},
            "services": {},
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {LOG: url} if job.has_started else {},
        }

    def _error(self, job: Job) -> Json | None:
        if job.error is None:
            return None
        error = {"code": "UserError", "message": job.error["message"], "details": []}
        inner = {"code": job.error.get("code", "UserError"), "innerError": None}
        return {
            "error": {**error, "innerError": inner},
            "environment": "sandbox",
            "time": self._world.clock.iso(),
        }

    def _when(self, job: Job, key: str) -> str | None:
        properties: dict[str, Any] = job.record.body.get("properties", {}).get("properties") or {}
        found = job.record.hidden.get(key) or properties.get(key)
        if found is None and key == "startTimeUtc" and job.has_started:
            return self._world.clock.iso(job.record.created)
        return found

    def _signature(self, job_id: str) -> str:
        key = self._world.identity.control_token.encode()
        return hmac.new(key, job_id.lower().encode(), hashlib.sha256).hexdigest()


def _cluster(job: Job) -> str:
    return str(job.record.body.get("properties", {}).get("computeId") or "").lower()


def _page(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise AmlError(400, "UserError", f"The value of {name} is not a number.")
    return int(text)


def _metric(job: Job, name: str, start: int | None) -> list[Json]:
    values = []
    for step in steps(job.run, job.share):
        found = {"train_loss": step.loss, "learning_rate": step.learning_rate, "epoch": step.epoch}
        moment = (start or 0) + step.number * 1000
        values.append({"key": name, "value": found[name], "timestamp": moment, "step": step.number})
    if job.share >= 1 and name == "train_loss" and values:
        values.append({**values[-1], "value": final_loss(job.run), "step": job.run.steps})
    return values


def _millis(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1000)
