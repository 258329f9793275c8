"""Cut-outs: what of a photo is the product, with exact edges, and how sure that is."""
