"""caig over HTTP: a judge that scores ads for trainers of image models, prompts and ads for shops.

Requests are strangers' text: they are JSON, never pickles; they are bounded before they are read; what can't
be answered is one line of JSON with the right status.
"""
