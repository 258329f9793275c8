"""The HTTP service: routes, admission, bounded work in threads, and errors that are one line of JSON."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from caig_cli.errors import CaigError
from caig_cli.serving import forms
from caig_cli.serving.ad_routes import AdJobs
from caig_cli.serving.admission import admit, parse_body, read_body
from caig_cli.serving.limits import Refused, ServiceLimits
from caig_cli.serving.metrics import Metrics
from caig_cli.serving.openapi import as_html, description
from caig_cli.serving.scoring import REWARDS, Scorer

WORKERS = 2
"""Threads: one reads pictures while the judge is at work for another; the judge works for one at a time."""

Work = Callable[[Any], Any]
Handler = Callable[[Request], Awaitable[Response]]


class Service:
    """A judge behind routes, and with ``ads`` what makes ads.

    ``token`` None: only requests to localhost by name are answered.
    """

    def __init__(
        self, scorer: Scorer, limits: ServiceLimits, token: str | None, ads: AdJobs | None = None
    ) -> None:
        self._scorer, self._limits, self._token, self._ads = scorer, limits, token, ads
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="serve")
        self._inside = 0
        self._metrics = Metrics(scorer, lambda: self._inside, None if ads is None else ads.jobs)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            self._work("/score", lambda body: forms.answer_score(body, self._scorer, self._limits)),
            self._work("/compute", lambda body: forms.answer_compute(body, self._scorer, self._limits)),
            self._route("/health", self._health, open_to_all=True),
            self._route("/metrics", self._metrics_page),
            self._route("/openapi.json", self._openapi, open_to_all=True),
            self._route("/docs", self._docs, open_to_all=True),
            *([] if self._ads is None else self._ad_routes(self._ads)),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _unknown})
        app.router.redirect_slashes = False
        return app

    def close(self) -> None:
        """Let no more work begin."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._ads is not None:
            self._ads.jobs.close()

    # --- routes ---

    def _route(self, path: str, handler: Handler, method: str = "GET", open_to_all: bool = False) -> Route:
        async def endpoint(request: Request) -> Response:
            start = time.perf_counter()
            try:
                if not open_to_all:
                    admit(request, self._token)
                response = await handler(request)
            except Refused as refused:
                response = _error(refused.status, str(refused))
            except CaigError as error:
                response = _error(422, str(error))
            except ClientDisconnect:
                response = _error(400, "the body did not come to its end")
            except Exception:
                response = _error(500, "an error inside caig")
            self._metrics.count(path, response.status_code, time.perf_counter() - start)
            return response

        return Route(path, endpoint, methods=[method])

    def _work(self, path: str, work: Work, status: int = 200) -> Route:
        async def handler(request: Request) -> Response:
            return JSONResponse(await self._done(request, work), status)

        return self._route(path, handler, "POST")

    def _ad_routes(self, ads: AdJobs) -> list[Route]:
        async def state(request: Request) -> Response:
            embed = request.query_params.get("images") == "base64"
            return JSONResponse(await asyncio.to_thread(ads.state, request.path_params["id"], embed))

        async def cancel(request: Request) -> Response:
            return JSONResponse(await asyncio.to_thread(ads.cancel, request.path_params["id"]))

        async def file(request: Request) -> Response:
            found = await asyncio.to_thread(ads.file, request.path_params["id"], request.path_params["name"])
            return FileResponse(found[0], media_type=found[1], headers={"X-Content-Type-Options": "nosniff"})

        async def every(_: Request) -> Response:
            return JSONResponse(ads.list())

        return [
            self._work("/write", ads.maker.write),
            self._work("/generate", ads.add, 202),
            self._route("/jobs", every),
            self._route("/jobs/{id}", state),
            self._route("/jobs/{id}", cancel, "DELETE"),
            self._route("/jobs/{id}/ads/{name}", file),
        ]

    async def _done(self, request: Request, work: Work) -> Any:
        """What ``work`` makes of a request's JSON, in a thread. Raises Refused where there is no room."""
        if self._inside >= self._limits.requests:
            raise Refused(503, "too many requests at the same time; ask again in a second")
        self._inside += 1
        loop, future = asyncio.get_running_loop(), None
        try:
            body = await read_body(request, self._limits)
            future = self._pool.submit(lambda: work(parse_body(body)))
            async with asyncio.timeout(self._limits.seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise Refused(504, f"not done within {self._limits.seconds:g} s") from None
        finally:
            if future is None or future.done():
                self._leave()
            else:  # a thread can't be stopped: its place stays taken until it is done
                future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))

    def _leave(self) -> None:
        self._inside -= 1

    async def _health(self, _: Request) -> Response:
        rewards = {name: [name] for name in self._scorer.rewards}
        return JSONResponse({"status": "ok", "rewards": rewards, "scorer_version": forms.SCORER_VERSION})

    async def _metrics_page(self, _: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(description(REWARDS))

    async def _docs(self, _: Request) -> Response:
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return HTMLResponse(as_html(description(REWARDS)), headers={"Content-Security-Policy": policy})


def _error(status: int, line: str) -> Response:
    headers = {"Retry-After": "1"} if status == 503 else {}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"error": " ".join(line.split())[:300]}, status, headers=headers)


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    line = {404: "no such address; see /docs", 405: "not with this method; see /docs"}
    return _error(error.status_code, line.get(error.status_code, "not possible"))
