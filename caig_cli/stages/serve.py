"""``caig serve``: the judge and the rest of caig over HTTP, for trainers of image models and for shops."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import use_threads
from caig_cli.errors import UsageError
from caig_cli.generating.config import GenerateRecipe, GenerateSection, PreviewJudgeSection
from caig_cli.mllm.config import ModelRecipe
from caig_cli.mllm.writing import WriterSection
from caig_cli.painters import registry
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.registry import PainterName
from caig_cli.recipe import Section
from caig_cli.stages import generate

if TYPE_CHECKING:
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter

TOKEN = "CAIG_SERVE_TOKEN"
SHORTEST = 16
"""Characters of a token, at least: shorter ones are guessed."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Count = Annotated[int, Field(ge=1)]


class ServeSection(Section):
    """Where it listens, who judges, and what a request may ask."""

    host: str = "127.0.0.1"
    """Address to listen at; any but this machine's own needs a token."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8787
    """Port to listen at; 0 takes a free one."""

    token_file: Path | None = None
    """File that holds the token requests must bring; else environment CAIG_SERVE_TOKEN."""

    judge: ModelName = "embedded"
    """Judge: embedded, heldout, a folder of caig train-rm, or a hub name org/name[@revision]."""

    max_body: Count = 16 << 20
    """Bytes of a request, at most."""

    max_images: Count = 64
    """Pictures in a request, at most."""

    max_pixels: Count = 80_000_000
    """Pixels of all pictures of a request together, at most."""

    max_requests: Count = 16
    """Requests at the same time, at most; more are told to ask again."""

    timeout: Annotated[float, Field(gt=0)] = 60.0
    """Seconds for a request's body to come, and then for its answer."""

    painter: PainterName = "studio"
    """What paints the ads of POST /generate, as in caig generate."""

    jobs: Path = Path("runs/serve")
    """Folder of the jobs of POST /generate, each with a run folder of its own."""

    max_jobs: Count = 16
    """Jobs that wait, at most; more are told to ask again."""

    kept_jobs: Count = 100
    """Finished jobs whose files are kept, at most; the oldest are deleted."""


class ServeRecipe(ModelRecipe):
    """Recipe of ``caig serve``."""

    serve: ServeSection = ServeSection()
    """The service."""

    writer: WriterSection = WriterSection()
    """Prompt model of POST /write and POST /generate."""

    diffusion: DiffusionSection = DiffusionSection()
    """Model of the painter diffusion."""


def models(recipe: ServeRecipe) -> dict[str, Check | None]:
    """The judge, the prompt model, and the painter's."""
    from caig_cli.mllm.folders import check_folder

    mllms: dict[str, Check | None] = dict.fromkeys((recipe.serve.judge, recipe.writer.model), check_folder)
    return mllms | registry.models(recipe.serve.painter, recipe.diffusion)


def plan(recipe: ServeRecipe, report: Reporter) -> list[str]:
    """What a run would do; listens to nothing."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders
    from caig_cli.rewards.folders import locate

    token = "with" if _token(recipe.serve) else "without"
    address = f"http://{recipe.serve.host}:{recipe.serve.port}"
    return [
        f"listens at {address}, {token} a token",
        f"judge {sources.describe(recipe.serve.judge, locate)}",
        f"prompt model {sources.describe(recipe.writer.model, folders.locate)}",
        *registry.planned(recipe.serve.painter, recipe.diffusion),
        f"jobs in {recipe.serve.jobs}",
    ]


def run(recipe: ServeRecipe, report: Reporter) -> Outcome:
    """Answer requests until interrupted. Raises UsageError where it can't listen."""
    given = recipe.serve
    token = _token(given)
    try:
        import uvicorn

        from caig_cli.serving.app import Service
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing; run pip install 'caig[serve]'") from None
    from caig_cli.engine.offload import DeviceSharing
    from caig_cli.generating.models import Models
    from caig_cli.serving.ad_routes import AdJobs
    from caig_cli.serving.ads import AdMaker
    from caig_cli.serving.jobs import Jobs
    from caig_cli.serving.limits import ServiceLimits
    from caig_cli.serving.scoring import Scorer

    use_threads(recipe.threads)
    listener = _listener(given.host, given.port)
    with listener:
        limits = ServiceLimits(
            given.max_body, given.max_images, given.max_pixels, given.max_requests, given.timeout
        )
        ads_recipe = _of_ads(recipe)
        models = Models(ads_recipe, DeviceSharing())
        scorer = Scorer(models.reward_model(given.judge))
        jobs = Jobs(given.jobs, given.max_jobs, given.kept_jobs)
        maker = AdMaker(ads_recipe, models, generate.run, limits)
        service = Service(scorer, limits, token, AdJobs(maker, jobs, limits))
        server = uvicorn.Server(
            uvicorn.Config(
                service.app(),
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                lifespan="off",
                limit_concurrency=8 * given.max_requests + 32,
                timeout_graceful_shutdown=2,
            )
        )
        host = f"[{given.host}]" if ":" in given.host else given.host
        report.info(f"serving at http://{host}:{listener.getsockname()[1]}/docs; Ctrl-C ends it")
        try:
            server.run(sockets=[listener])
        finally:
            service.close()
    raise KeyboardInterrupt  # nothing else ends it; an event loop may have swallowed the signal's own


def _of_ads(recipe: ServeRecipe) -> GenerateRecipe:
    """What every request for ads has in common."""
    same = {name: getattr(recipe, name) for name in ("device", "dtype", "threads", "quantise")}
    return GenerateRecipe(
        **same, generate=GenerateSection(painter=recipe.serve.painter), writer=recipe.writer,
        judge=PreviewJudgeSection(model=recipe.serve.judge), diffusion=recipe.diffusion,
    )  # fmt: skip


def _token(given: ServeSection) -> str | None:
    """The token that requests must bring. Raises UsageError where one is needed and there is none."""
    token = os.environ.get(TOKEN)
    if given.token_file is not None:
        from caig_cli.parsing import Malformed, read_regular

        try:
            token = read_regular(given.token_file, 1 << 12).decode("utf-8").strip()
        except (Malformed, UnicodeDecodeError) as error:
            raise UsageError(
                f"--token-file {given.token_file}: {error}; give a file with the token"
            ) from None
    if token is None and given.host not in LOOPBACK:
        raise UsageError(f"--host {given.host}: others can ask; give a token by --token-file or {TOKEN}")
    if token is not None and len(token) < SHORTEST:
        raise UsageError(f"the token has fewer than {SHORTEST} characters; make one by openssl rand -hex 16")
    return token


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"can't listen at {host}:{port}: {why}; choose another --host or --port") from None
