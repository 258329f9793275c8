"""Architecture ``mllm``, the paper's: a multimodal language model reads both ads and a question.

The row is [start] [tokens of the left ad] [tokens of the right ad] question, in LLaVA's families without
system text or speaker names: with one image beside each other that is the released checkpoint's form. Where
a family sees pictures of many sizes, ads have one all the same, so that any two can be compared. Both heads
read the last real token. Rows are padded on the right, and attention looks back only, so that padding cannot
move a logit.

Legend of shape names: P pairs, I ads, T image tokens, Q tokens of the longest question, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from caig_cli.engine.optim import recompute_activations
from caig_cli.mllm import vision
from caig_cli.mllm.attention import Mask, causal_mask, mask_for
from caig_cli.mllm.images import Rules, Size
from caig_cli.mllm.loading import Mllm
from caig_cli.rewards.concepts import ConceptBottleneck, ConceptHead
from caig_cli.rewards.model import CtrScale, Heads, PairOutput


class MllmReward(nn.Module):
    """A language model with two heads. ``layout`` is ``two_images`` or ``side_by_side``.

    ``rules`` are those of an ad's picture, ``seen_size`` is the size of what the tower sees: of one ad, or of
    two beside each other.
    """

    def __init__(self, mllm: Mllm, layout: str) -> None:
        super().__init__()
        self.mllm, self.layout = mllm, layout
        self.model = mllm.model
        self.heads = Heads(int(mllm.config.get_text_config().hidden_size))
        self.concept_head: ConceptHead | None = None
        self.scale, self._recomputes = CtrScale(), False
        self._apart = layout == "two_images"
        self.rules: Rules = mllm.rules.of_two() if self._apart else mllm.rules.halves()
        self.seen_size: Size = self.rules.usual if self._apart else mllm.rules.joined()

    @property
    def feature_width(self) -> int:
        """Width of the tower's features."""
        return self.mllm.family.view.width(self.mllm.config)

    @property
    def features_fixed(self) -> bool:
        """True where the look is a frozen tower's."""
        return self._apart and not any(
            p.requires_grad for part in self._vision_modules for p in part.parameters()
        )

    @property
    def _vision_modules(self) -> list[nn.Module]:
        """The parts that a picture passes through."""
        return [getattr(self.mllm.core.model, name) for name in self.mllm.family.view.vision_modules]

    def freeze_encoder(self) -> None:
        """Keep what sees as it is."""
        for part in self._vision_modules:
            part.requires_grad_(False)

    @property
    def concepts(self) -> ConceptBottleneck | None:
        """What it names in ads, if anything."""
        return None if self.concept_head is None else self.concept_head.concepts

    def use_concepts(self, concepts: ConceptBottleneck) -> None:
        """Add to both logits and rates of an ad what the names in it are worth, on either side alike."""
        self.concept_head = ConceptHead(concepts)

    def length(self, text: str) -> int:
        """Tokens of a row that asks ``text``."""
        encoder = self.mllm.encoder
        shown = len(encoder.picture(self.seen_size)) * (2 if self._apart else 1)
        begun = len(encoder.start(self.mllm.family.judged))
        return begun + shown + len(encoder.question(text, image=True))

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Two images: what the tower gives [I, T, width]; side by side: the pixels, to be joined first."""
        return self._see(pixels) if self._apart else pixels

    def _see(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the tower gives for pictures of one size, [I, ...]."""
        pieces, rows = self.mllm.family.view.rows(self.mllm.config, self.seen_size)
        count = len(pixels) // pieces
        seen = vision.patches(self.mllm, pixels, [self.seen_size] * count)
        return seen if rows == 1 else seen.view(count, rows, *seen.shape[1:])

    def forward(
        self, features_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor, texts: Sequence[str]
    ) -> PairOutput:
        """Compare ads of the looks; see ``RewardModel``. What rows begin with alike is computed once."""
        if not self._apart:
            joined = self.join(features_I[left_P], features_I[right_P])
            return self._real(self.read(self.tokens(self._see(joined)), texts))
        image_ITD = self.tokens(features_I)
        first_U, place_P = torch.unique(left_P, return_inverse=True)
        if self._recomputes or self.mllm.family.sees_ahead or len(first_U) == len(left_P):
            # No cache is kept then, or nothing is shared.
            read = self.read(torch.cat([image_ITD[left_P], image_ITD[right_P]], dim=1), texts)
            return self._real(self._judged(read, features_I, left_P, right_P))
        start_USD, left_UTD = self._start(len(first_U)), image_ITD[first_U]
        cache = DynamicCache(config=self.mllm.config.get_text_config())
        self._think(start_USD, left_UTD, start_USD[:, :0], past_key_values=cache, use_cache=True)
        cache.batch_select_indices(place_P)
        read = self.read(image_ITD[right_P], texts, cache)
        return self._real(self._judged(read, features_I, left_P, right_P))

    def join(self, left_P: torch.Tensor, right_P: torch.Tensor) -> torch.Tensor:
        """The pieces of pictures of two ads beside each other."""
        return self.mllm.rules.join(left_P, right_P)

    def _judged(
        self, read: PairOutput, features_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor
    ) -> PairOutput:
        """What was read, and what the names are worth on top."""
        if self.concept_head is None:
            return read
        with torch.autocast(features_I.device.type, enabled=False):
            concept_I2 = self.concept_head(features_I)
        concept_P22 = torch.stack([concept_I2[left_P], concept_I2[right_P]], dim=1)
        return PairOutput(read.logits_P2 + concept_P22[..., 0], read.ctr_P2 + concept_P22[..., 1])

    def _real(self, out: PairOutput) -> PairOutput:
        return PairOutput(out.logits_P2, self.scale.real(out.ctr_P2))

    def read(
        self, image_PTD: torch.Tensor, texts: Sequence[str], begun: DynamicCache | None = None
    ) -> PairOutput:
        """Answer questions about the image tokens of each pair; ``begun`` holds what comes before them.

        Rates are in the heads' own units.
        """
        ids_PQ, length_P = self._questions(texts, image_PTD.device)
        start_PSD = self._start(len(texts)) if begun is None else self._start(len(texts))[:, :0]
        hidden_PLD = self._think(
            start_PSD, image_PTD, self._words(ids_PQ), past_key_values=begun, use_cache=begun is not None
        )
        out: PairOutput = self.heads(hidden_PLD, length_P + hidden_PLD.shape[1] - ids_PQ.shape[1])
        return out

    def _think(
        self, start: torch.Tensor, images: torch.Tensor, words: torch.Tensor, **cache: Any
    ) -> torch.Tensor:
        """Hidden states of rows [start] [images] [words]; ``images`` may have levels beside the tokens."""
        first, *deep = torch.split(images.to(words.dtype), start.shape[-1], dim=-1)
        rows_BLD = torch.cat([start, first, words], dim=1)
        given: dict[str, Any] = {}
        if deep:
            begin, end = start.shape[1], start.shape[1] + first.shape[1]
            shown_BL = torch.zeros(rows_BLD.shape[:2], dtype=torch.bool, device=rows_BLD.device)
            shown_BL[:, begin:end] = True
            given = vision.deepened([level.flatten(0, 1) for level in deep], shown_BL)
        begun = cache["past_key_values"]
        before = 0 if begun is None else begun.get_seq_length()
        if self.mllm.family.sees_ahead:
            given["attention_mask"] = self._mask(rows_BLD)
        given |= self._positions(before, rows_BLD.shape[1], len(rows_BLD), rows_BLD.device)
        out = vision.language(self.mllm.core, self.mllm.family)(inputs_embeds=rows_BLD, **given, **cache)
        hidden_BLD: torch.Tensor = out.last_hidden_state
        return hidden_BLD

    def _mask(self, rows_BLD: torch.Tensor) -> Mask:
        """The tokens of each picture see all of it."""
        encoder, device = self.mllm.encoder, rows_BLD.device
        shown = encoder.start(self.mllm.family.judged)
        shown += encoder.picture(self.seen_size) * (2 if self._apart else 1)
        row = torch.tensor([*shown, *[0] * (rows_BLD.shape[1] - len(shown))], device=device)
        ids_BL = row.expand(len(rows_BLD), -1)
        before = causal_mask(torch.ones_like(ids_BL, dtype=torch.bool), rows_BLD.dtype)
        position = torch.arange(ids_BL.shape[1], device=device).expand(len(rows_BLD), -1)
        return mask_for(self.mllm.core, self.mllm.family, ids_BL, before, position)

    def _positions(self, before: int, length: int, rows: int, device: torch.device) -> dict[str, Any]:
        """Positions [3, rows, length] of what follows ``before`` tokens, in families that need them."""
        if self.mllm.family.view.grid is None:
            return {}
        encoder = self.mllm.encoder
        sizes = [self.seen_size] * (2 if self._apart else 1)
        shown = encoder.start(self.mllm.family.judged)
        for size in sizes:
            shown += encoder.picture(size)
        places = encoder.places(shown, *sizes)
        follow = range(max(map(max, places)) + 1, max(map(max, places)) + 1 + before + length)
        all_L3 = torch.tensor([*places, *((n, n, n) for n in follow)], device=device)
        return {"position_ids": all_L3[before : before + length].T[:, None].expand(3, rows, length)}

    @property
    def _words(self) -> Any:
        return self.mllm.core.get_input_embeddings()

    def _start(self, count: int) -> torch.Tensor:
        """What every row begins with, [count, S, D]."""
        begin = self.mllm.encoder.start(self.mllm.family.judged)
        ids = torch.tensor([begin], device=self._words.weight.device)
        start_1SD: torch.Tensor = self._words(ids.long())
        return start_1SD.expand(count, -1, -1)

    def gradient_checkpointing_enable(self) -> None:
        """As transformers' own."""
        self._recomputes = True
        recompute_activations(self.model)

    def tokens(self, features_I: torch.Tensor) -> torch.Tensor:
        """The image tokens [I, T, D] and what the family writes around them."""
        core, view = self.mllm.core, self.mllm.family.view
        rows = view.rows(core.config, self.seen_size)[1]
        flat = features_I if rows == 1 else features_I.flatten(0, 1)
        found: torch.Tensor = view.project(core, flat.to(core.dtype), [self.seen_size] * len(features_I))
        if rows == 1:
            return found
        ids = torch.tensor(self.mllm.encoder.picture(self.seen_size), device=found.device)
        shown_T = ids == core.config.image_token_id
        if shown_T.all():
            return found.view(len(features_I), -1, found.shape[-1])
        marks_TD = nn.functional.pad(self._words(ids), (0, found.shape[-1] - self._words.weight.shape[1]))
        block_ITD = marks_TD.to(found.dtype).repeat(len(features_I), 1, 1)
        block_ITD[:, shown_T] = found.view(len(features_I), -1, found.shape[-1])
        return block_ITD

    def _questions(self, texts: Sequence[str], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids [P, Q], padded on the right, and their lengths [P]."""
        encoder = self.mllm.encoder
        known = {text: encoder.question(text, image=True) for text in set(texts)}
        rows = [torch.tensor(known[text]) for text in texts]
        pad = encoder.tokenizer.pad_token_id or 0
        ids_PQ = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)
        return ids_PQ.to(device), torch.tensor([len(row) for row in rows], device=device)
