"""Training of tessera's model packs: tables, exact integer networks, post-filters, export."""
