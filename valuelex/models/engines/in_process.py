"""A Hugging Face model in this process: transformers and torch, for models that no server serves and no GGUF file holds.

Of a model's own generation settings only its end tokens are used: a repetition penalty or a top-k that a model's folder brings
along would move answers without standing in the study file or in the ledger.

One request at a time, each with its own seed: like the embedded models, an answer depends on its request alone. It is slower
than a server that batches; where one can be had (vLLM, SGLang, llama.cpp), name its base_url instead.
"""

from __future__ import annotations

import asyncio
import copy
import time
from pathlib import Path
from typing import Any

from valuelex.errors import ArtifactError, EndpointError, MissingExtra
from valuelex.models.engines.scoring import Forms, combine, forms_of, wants_scores
from valuelex.models.request import Request, Response

BATCH = 64
"""Forms of words that are scored in one forward pass."""


class InProcessEngine:
    """Loads one model at the first request.

    Parameters
    ----------
    name : str
        A name on the model hub, or a folder with config, weights and tokenizer.
    gguf_file : str, optional
        A GGUF file in that folder or repository, to be loaded in place of the usual weights.
    revision : str, optional
        A commit, tag or branch of the repository; name a commit to have the same weights next year.

    Raises
    ------
    MissingExtra
        If transformers or torch is not installed.
    ArtifactError
        If the model cannot be loaded.
    EndpointError
        If a chat model has no chat template.
    """

    def __init__(self, name: str, *, gguf_file: str | None = None, revision: str | None = None) -> None:
        self.name, self.gguf_file, self.revision = name, gguf_file, revision
        self._loaded: tuple[Any, Any] | None = None
        self._turn = asyncio.Lock()

    async def complete(self, request: Request) -> Response:
        """Answer one request, or score its words; the event loop goes on meanwhile."""
        async with self._turn:
            return await asyncio.to_thread(self._complete, request)

    def _complete(self, request: Request) -> Response:
        model, tokenizer = self._load()
        started = time.perf_counter()
        frame = self._frame(request)
        if wants_scores(request):
            forms = forms_of(request, lambda text: tokenizer(text, add_special_tokens=False).input_ids)
            scored = _score(model, frame, forms)
            return Response("", finish_reason="scored", latency_s=time.perf_counter() - started, logprobs=scored)
        tokens, finish_reason = _sample(model, tokenizer, frame, request)
        text = tokenizer.decode(tokens, skip_special_tokens=True)
        for stop in request.stop:
            text, found, _ = text.partition(stop)
            finish_reason = "stop" if found else finish_reason  # also where it stood in the last token allowed
        return Response(
            text,
            finish_reason=finish_reason,
            n_tokens_in=len(frame),
            n_tokens_out=len(tokens),
            latency_s=time.perf_counter() - started,
        )

    def _frame(self, request: Request) -> list[int]:
        _, tokenizer = self._load()
        if request.mode == "completion":
            return list(tokenizer(request.prompt).input_ids)
        if not tokenizer.chat_template:
            raise EndpointError(
                f"{self.name} has no chat template: it cannot be asked as a chat model.",
                "Set 'mode: completion' for it in the study file.",
            )
        chat = [{"role": role, "content": content} for role, content in request.messages]
        text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        return list(tokenizer(text, add_special_tokens=False).input_ids)

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                import torch
                from transformers import AutoModelForCausalLM, AutoTokenizer
                from transformers.utils import logging
            except ImportError as error:
                raise MissingExtra("transformers", "transformers", f"Running {self.name} in this process") from error
            logging.disable_progress_bar()
            options = {"gguf_file": self.gguf_file} if self.gguf_file else {}
            if self.revision and not Path(self.name).is_dir():
                options["revision"] = self.revision
            try:
                tokenizer = AutoTokenizer.from_pretrained(self.name, **options)
                model = AutoModelForCausalLM.from_pretrained(self.name, dtype=torch.float32, **options)
            except (OSError, ValueError, ImportError, KeyError) as error:
                raise ArtifactError(
                    f"{self.name} cannot be loaded ({str(error).splitlines()[0]}).",
                    "Check 'huggingface' (a hub name or a folder), 'gguf_file' and the network.",
                ) from error
            model.generation_config = _without_own_settings(model.generation_config, tokenizer)
            device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
            self._loaded = model.eval().to(device), tokenizer
        return self._loaded

    async def close(self) -> None:
        """Give back the model's memory."""
        self._loaded = None


def _without_own_settings(brought: Any, tokenizer: Any) -> Any:
    """Return generation settings of which only the end tokens are the model's: one of the turn beside one of the text."""
    from transformers import GenerationConfig

    declared = brought.eos_token_id
    ends = {tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared])} - {None}
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends, default=None)
    return GenerationConfig(eos_token_id=sorted(ends) or None, pad_token_id=pad, bos_token_id=brought.bos_token_id)


def _sample(model: Any, tokenizer: Any, frame: list[int], request: Request) -> tuple[list[int], str]:
    """Return the tokens of one answer, and why it ended."""
    import torch

    ids = torch.tensor([frame], device=model.device)
    options: dict[str, Any] = {"max_new_tokens": request.max_tokens, "do_sample": False}
    if request.temperature is None or request.temperature > 0:
        options |= {"do_sample": True, "temperature": request.temperature or 1.0, "top_p": request.top_p or 1.0}
        options["top_k"] = int(request.extra.get("top_k", 0))
    if request.stop:
        options |= {"stop_strings": list(request.stop), "tokenizer": tokenizer}
    # The generator is torch's global one: the lock of `complete` keeps two answers from sharing it.
    torch.manual_seed(request.seed or 0)
    with torch.inference_mode():
        made = model.generate(ids, attention_mask=torch.ones_like(ids), **options)
    tokens = made[0, len(frame) :].tolist()
    ended = len(tokens) < request.max_tokens or tokens[-1] in (model.generation_config.eos_token_id or ())
    return tokens, "stop" if ended else "length"


def _score(model: Any, frame: list[int], forms: Forms) -> list[dict[str, Any]]:
    """Return the log-probability of every word after the frame, by teacher forcing in batches.

    The frame is read once; every batch of forms goes on from a copy of what the model keeps of it. Forms are padded on the
    right: a causal model's earlier tokens do not see what stands behind them.
    """
    import torch

    sums: list[float] = []
    with torch.inference_mode():
        read = model(torch.tensor([frame], device=model.device), use_cache=True)
        first = read.logits[0, -1].float().log_softmax(-1)
        for start in range(0, len(forms.tokens), BATCH):
            batch = forms.tokens[start : start + BATCH]
            longest = max(len(form) for form in batch)
            ids = torch.tensor([[*form, *([0] * (longest - len(form)))] for form in batch], device=model.device)
            total = first[ids[:, 0]]
            if longest > 1:
                kept = copy.deepcopy(read.past_key_values)
                kept.batch_repeat_interleave(len(batch))
                mask = torch.tensor([[1] * (len(frame) + len(f)) + [0] * (longest - len(f)) for f in batch])
                logits = model(ids, past_key_values=kept, attention_mask=mask.to(model.device), use_cache=True).logits
                later = logits[:, :-1].float().log_softmax(-1).gather(2, ids[:, 1:, None])[:, :, 0]
                total = total + (later * mask[:, len(frame) + 1 :].to(model.device)).sum(1)
            sums += total.cpu().tolist()
    return combine(forms.words, forms.owner, sums, [len(form) for form in forms.tokens])
