"""Multimodal LLM families: loading, inputs, shared-prefix forward, sampling."""
