"""The model card of a pack, written from its manifest."""

from __future__ import annotations

NAMES = {
    "prior": "prior-first, prior-second, coefficientTables",
    "loop-filter": "loop-filter",
    "post-filter-psnr": "post-filter-psnr",
    "post-filter-lpips": "post-filter-lpips",
    "modes": "modeTables",
    "transforms": "transforms, intra prediction",
    "tokenizer": "tokenizer-encoder, tokenizer-decoder",
    "bit-prior": "prior, channelWeights, bitTables",
}
SAMPLES = {"transform": "samples (frames of 640x360)", "lookup-free": "samples (token frames; thousand cells)"}
LIMITS = {
    "transform": ["The post-filter `lpips` invents detail that looks right and is not evidence of what was there."],
    "lookup-free": [
        "Pictures are made by a float network: they are the same to the eye, not to the bit, on different devices; tokens are",
        "exact everywhere. Detail may be invented. Made for low rates: it ends at 18 bits per 8x8 cell of four frames.",
    ],
}


def model_card(manifest: dict) -> str:
    """Markdown: purpose, parts with their training, figures, costs, limits."""
    provenance = manifest["provenance"]
    parts = provenance.get("parts", {})
    lines = [
        f"# {manifest['name']} {manifest['version']}",
        "",
        "A model pack of tessera: tables, transforms and networks that fix, together with docs/FORMAT.md, what a stream",
        f"decodes to. Licence: {manifest['licence']}. Written by `tessera_training.export`.",
        "",
        "## Data",
        "",
        str(provenance.get("data", "none")),
        "",
        "## Training",
        "",
        f"| part | graphs and tables | steps | {SAMPLES[manifest['family']]} | hours | shards (clips) |",
        "|---|---|---|---|---|---|",
    ]
    for part, told in parts.items():
        shards = f"{told['shards']} ({told['clips']})" if "shards" in told else "-"
        cells = [part, NAMES[part], str(told.get("steps", "-")), str(told.get("samples", "-")), str(told.get("hours", "-")), shards]
        lines.append("| " + " | ".join(cells) + " |")
    if not parts:
        lines.append("| none | " + str(provenance.get("training", "")) + " | - | - | - | - |")
    lines += ["", "## Figures on held-out clips", "", "| part | figure | value |", "|---|---|---|"]
    for part, told in parts.items():
        lines += [f"| {part} | {name} | {value:.5g} |" for name, value in told.get("figures", {}).items()]
    lines += ["", "## Cost", "", "| graph | kMAC per pixel | bytes |", "|---|---|---|"]
    for graph, cost in manifest["kiloMacsPerPixel"].items():
        lines.append(f"| {graph} | {cost} | {manifest['files'][graph]['bytes']} |")
    lines += [
        "",
        "## Limits",
        "",
        "Trained on small videos (up to about 640x360) with 8 bits and 4:2:0.",
        *LIMITS[manifest["family"]],
        "",
    ]
    return "\n".join(lines)
