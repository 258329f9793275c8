"""What an ad says about itself, where readers look: XMP with IPTC fields, sRGB, signed manifests."""
