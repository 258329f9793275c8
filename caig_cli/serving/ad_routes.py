"""Answers about jobs: their state, their ads as links or as base64, and the files of the ads."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from caig_cli.provenance.formats import ENCODINGS
from caig_cli.serving.ads import AdMaker
from caig_cli.serving.forms import Answer
from caig_cli.serving.jobs import RUN, Jobs, ServedJob
from caig_cli.serving.limits import Refused, ServiceLimits

AD_FIELDS = ("id", "prompt", "seed", "size", "format", "bytes", "title", "alt", "score", "predicted_ctr",
        "simulated", "source_type", "product_box", "ignored")  # fmt: skip
"""What an ad's row of the manifest says to who has asked for it."""


class AdJobs:
    """``/generate`` and ``/jobs``."""

    def __init__(self, maker: AdMaker, jobs: Jobs, limits: ServiceLimits) -> None:
        self.maker, self.jobs, self._limits = maker, jobs, limits

    def add(self, body: Any) -> Answer:
        """A new job. Raises Refused."""

        def prepare(folder: Path) -> Any:
            recipe = self.maker.order(body, folder)
            return lambda run, report: self.maker.make(recipe, run, report)

        return job_answer(self.jobs.add(prepare)) | {"ads": []}

    def state(self, name: str, embed: bool) -> Answer:
        """State, progress and the ads so far; with ``embed`` their files as base64. Raises Refused."""
        job = self.jobs.get(name)
        rows = self.jobs.rows(job)
        if embed and sum(row["bytes"] for row in rows) > self._limits.body:
            raise Refused(413, f"the ads are over {self._limits.body} bytes; get each by its href")
        return job_answer(job) | {"ads": [self._ad(job, row, embed) for row in rows]}

    def list(self) -> Answer:
        """All jobs, oldest first, without their ads."""
        return {"jobs": [job_answer(job) for job in self.jobs.all()]}

    def cancel(self, name: str) -> Answer:
        """End a job, or forget one that is over. Raises Refused."""
        return job_answer(self.jobs.cancel(name))

    def file(self, name: str, ad: str) -> tuple[Path, str]:
        """The file of an ad, and its type. Raises Refused."""
        job = self.jobs.get(name)
        for row in self.jobs.rows(job):
            if Path(row["path"]).name == ad:
                path = self.jobs.folder / job.id / RUN / row["path"]
                if path.is_file():
                    return path, ENCODINGS[row["format"]].mime
        raise Refused(404, "the job has no such ad")

    def _ad(self, job: ServedJob, row: dict[str, Any], embed: bool) -> Answer:
        facts = {name: row.get(name) for name in AD_FIELDS}
        name = Path(row["path"]).name
        found = {"href": f"/jobs/{job.id}/ads/{name}", "name": name, **facts}
        if embed:
            path, _ = self.file(job.id, name)
            found["image"] = base64.b64encode(path.read_bytes()).decode("ascii")
        return found


def job_answer(job: ServedJob) -> Answer:
    """A job without its ads."""
    return {
        "id": job.id, "href": f"/jobs/{job.id}", "state": job.state, "created": job.created,
        "ended": job.ended, "progress": job.progress, "error": job.error, "warnings": job.warnings,
    }  # fmt: skip
