"""A replica in a process of its own: it takes the lease, and writes until it may not any more.

Run as a module: the sandbox's access as JSON on standard input, a file whose number of seconds its
clock is ahead as the only word. It says `held`, then `refused after N`.
"""

import json
import sys
from itertools import count
from pathlib import Path

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import RefusedError
from reconciler.gitops.config import LeaseConfig
from reconciler.gitops.lease import Leases, boot_seconds
from tests.support.leased import CONTAINER, GROUP, SUBSCRIPTION


def main() -> None:
    ahead = Path(sys.argv[1])
    azure = Azure(Cloud.of_sandbox(SandboxAccess(**json.load(sys.stdin))))

    def clock() -> float:
        return boot_seconds() + float(ahead.read_text())

    lease = Leases(azure, LeaseConfig(container=CONTAINER), clock=clock).of(SUBSCRIPTION)
    assert lease.acquire()
    say("held")
    run = RunScope(azure, SUBSCRIPTION)
    run.fence_writes(lease.fence())
    for number in count():
        body = {"location": "eastus", "tags": {"team": f"first {number}"}}
        try:
            run.arm.put(GROUP, "2025-04-01", body)
        except RefusedError:
            say(f"refused after {number}")
            return


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
