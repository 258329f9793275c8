"""From a platform's export to pairs of ads: reading, joining with pictures, choosing, writing."""
