"""The JSON forms of ``/score`` and ``/compute``: what comes in becomes groups of ads, scores answers.

UniRL's and Flow-Factory's are theirs; that of flow_grpo and verl-omni has their keys, where they send
pickles; docs/serve.md says where each was read. Fields of theirs that are not named here are passed over;
in caig's own form an unknown one is an error.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from caig_cli import __version__
from caig_cli.serving.limits import Refused, ServiceLimits
from caig_cli.serving.pictures import decoded
from caig_cli.serving.scoring import AdGroup, Scored, Scorer

Answer = dict[str, Any]
SCORER_VERSION = f"caig-{__version__}"
PICTURE = "PNG, JPEG or WebP and others as base64, bare or as a data URL"
Scalar = str | int | None
M = TypeVar("M", bound=BaseModel)


class RequestForm(BaseModel):
    """A request of a trainer."""

    model_config = ConfigDict(extra="ignore", strict=True)


class OwnForm(BaseModel):
    """A request of caig's own."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AdsRequest(OwnForm):
    """caig's own: ads of one product."""

    images: list[str] = Field(min_length=1, description=PICTURE)
    caption: str | None = Field(None, description="title of the product")
    attributes: dict[str, str] = Field({}, description="facts about the product")


class PromptedImages(RequestForm):
    """The keys of flow_grpo's and verl-omni's scorers: pictures with one prompt each."""

    images: list[str] = Field(min_length=1, description=PICTURE)
    prompts: list[str] = Field(description="one for each picture; pictures of one prompt are a group")
    metadata: dict[str, Any] | None = Field(None, description="reward: which one to answer with")


class FlowFactoryRequest(RequestForm):
    """Flow-Factory's remote reward."""

    image: list[str] = Field(min_length=1, description=PICTURE)
    prompt: list[str] = Field(description="one for each picture; pictures of one prompt are a group")
    video: None = Field(None, description="not supported")
    more: dict[str, Any] | None = Field(
        None, validation_alias=AliasChoices("kwargs"), description="reward: which one to answer with"
    )


class Step(RequestForm):
    """What UniRL's model was told and made."""

    text: str | None = Field(None, description="the prompt")
    image_b64: str | None = Field(None, description=PICTURE)


class UniRlSample(RequestForm):
    """One sample of UniRL."""

    history: list[Step] = Field(min_length=1, description="the picture of the last step is scored")
    required_rewards: list[str] = Field(min_length=1, description="of those that /health tells")
    request_id: Scalar = None
    sample_id: Scalar = None
    group_id: Scalar = Field(None, description="ads of one group are compared with each other")
    source_rank: Scalar = None
    policy_version: Scalar = None
    idempotency_key: Scalar = None


class UniRLRequest(RequestForm):
    """UniRL's remote reward."""

    protocol_version: Literal["1"] = "1"
    requests: list[UniRlSample] = Field(min_length=1)


def answer_score(body: Any, scorer: Scorer, limits: ServiceLimits) -> Answer:
    """The answer of ``/score`` to any of its forms, told apart by their keys. Raises Refused."""
    keys = body if isinstance(body, dict) else {}
    if "requests" in keys:
        return _unirl(parsed(UniRLRequest, body), scorer, limits)
    if "prompts" in keys:
        asked = parsed(PromptedImages, body)
        return {"scores": _prompted(asked.images, asked.prompts, asked.metadata, scorer, limits)}
    return _own(parsed(AdsRequest, body), scorer, limits)


def answer_compute(body: Any, scorer: Scorer, limits: ServiceLimits) -> Answer:
    """The answer of ``/compute``. Raises Refused."""
    asked = parsed(FlowFactoryRequest, body)
    return {"rewards": _prompted(asked.image, asked.prompt, asked.more, scorer, limits)}


def parsed(form: type[M], body: Any) -> M:
    """The body as a form. Raises Refused with the place of its first fault."""
    if not isinstance(body, dict):
        raise Refused(422, "the body is no JSON object")
    try:
        return form.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"][:6])
        raise Refused(422, f"{place}: {first['msg']}"[:200]) from None


# --- each form -------------------------------------------------------------------------------------


def _own(asked: AdsRequest, scorer: Scorer, limits: ServiceLimits) -> Answer:
    group = AdGroup(decoded(asked.images, limits), asked.caption, asked.attributes)
    ads = [
        {
            "rank": ad.rank,
            **ad.rewards,
            "ctr": None if ad.ctr is None else ad.ctr.rate,
            "ctr_interval": None if ad.ctr is None else [ad.ctr.low, ad.ctr.high],
        }
        for ad in scorer.score([group])[0]
    ]
    return {"ads": ads, "judge": scorer.name, "simulated": scorer.simulated}


def _prompted(
    images: list[str],
    prompts: list[str],
    more: Mapping[str, Any] | None,
    scorer: Scorer,
    limits: ServiceLimits,
) -> list[float]:
    if len(prompts) != len(images):
        raise Refused(422, f"{len(images)} pictures and {len(prompts)} prompts; give one for each")
    reward = scorer.chosen((more or {}).get("reward"))
    scored = _in_groups(images, prompts, prompts, scorer, limits)
    if any(reward not in ad.rewards for ad in scored):
        raise Refused(422, f"{reward} compares: a prompt with one picture has none")
    return [ad.rewards[reward] for ad in scored]


def _unirl(asked: UniRLRequest, scorer: Scorer, limits: ServiceLimits) -> Answer:
    items = asked.requests
    steps = [item.history[-1] for item in items]
    for number, step in enumerate(steps):
        if step.image_b64 is None:
            raise Refused(422, f"requests.{number}.history: its last step has no image_b64")
    keys = [
        ("alone", n) if item.group_id is None else ("group", item.group_id) for n, item in enumerate(items)
    ]
    texts = [step.text or "" for step in steps]
    scored = _in_groups([str(step.image_b64) for step in steps], texts, keys, scorer, limits)
    results, errors = [], []
    for item, ad in zip(items, scored, strict=True):
        wanted = dict.fromkeys(item.required_rewards[:16])
        results.append({name: {name: ad.rewards[name]} for name in wanted if name in ad.rewards})
        errors.append({name[:40]: _why(name, scorer) for name in wanted if name not in ad.rewards})
    echoed = {"request_id", "sample_id", "group_id", "source_rank", "policy_version", "idempotency_key"}
    identities = [item.model_dump(include=echoed) | {"scorer_version": SCORER_VERSION} for item in items]
    return {"protocol_version": "1", "results": results, "errors": errors, "identities": identities}


def _why(reward: str, scorer: Scorer) -> str:
    if reward in scorer.rewards:
        return "compares, and the group has one picture"
    return f"no such reward; this judge has {', '.join(scorer.rewards)}"


def _in_groups(
    images: list[str], prompts: list[str], keys: Sequence[Hashable], scorer: Scorer, limits: ServiceLimits
) -> list[Scored]:
    """Every picture's score, in order; those of one key are ads of one product, with the first's prompt."""
    pictures = decoded(images, limits)
    members: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        members.setdefault(key, []).append(number)
    groups = [AdGroup([pictures[n] for n in some], prompts[some[0]] or None) for some in members.values()]
    scored: dict[int, Scored] = {}
    for some, ads in zip(members.values(), scorer.score(groups), strict=True):
        scored |= zip(some, ads, strict=True)
    return [scored[number] for number in range(len(pictures))]
