"""The vocabulary of a pack of words: the classes of ImageNet-1k and all their hypernyms in WordNet 3.0.

A node is a synset of WordNet. Nodes form a tree by their first hypernym, and are numbered in pre-order, so a node's
descendants have the numbers behind it. `also` holds further hypernyms. Leaves have the number of their class.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
ROOT = "n00001740"  # entity


@dataclass(frozen=True)
class Synset:
    words: list[str]
    hypernyms: list[str]


def read_synsets(data_noun: Path) -> dict[str, Synset]:
    """All nouns of WordNet by their ids, `n` and the offset in `data.noun`."""
    synsets = {}
    for line in data_noun.read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split("|")[0].split()
        count = int(fields[3], 16)
        words = [fields[4 + 2 * at].replace("_", " ") for at in range(count)]
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * p : at + 5 + 4 * p] for p in range(int(fields[at]))]
        hypernyms = [f"n{target}" for symbol, target, *_ in pointers if symbol == "@"]
        synsets[f"n{fields[0]}"] = Synset(words, hypernyms)
    return synsets


def read_classes(path: Path) -> list[str]:
    """Ids of the 1000 classes in the order of the network, from a JSON object {"0": "n01440764", ...}."""
    named = json.loads(path.read_text())
    return [named[str(at)] for at in range(len(named))]


def read_irregular(noun_exc: Path, words: Iterable[str]) -> dict[str, str]:
    """Irregular plurals of `words`, from WordNet's `noun.exc`."""
    known = {word.lower() for word in words}
    pairs = [line.replace("_", " ").split() for line in noun_exc.read_text().splitlines()]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[1] in known}


def build_vocabulary(synsets: dict[str, Synset], classes: list[str]) -> list[dict]:
    """The nodes in pre-order: {id, parent, also, words, class}; the root has parent -1, only leaves have a class."""
    used: set[str] = set()
    open_ids = list(classes)
    while open_ids:
        synset = open_ids.pop()
        if synset not in used:
            used.add(synset)
            open_ids += synsets[synset].hypernyms
    children: dict[str, list[str]] = {synset: [] for synset in used}
    for synset in sorted(used - {ROOT}):
        children[synsets[synset].hypernyms[0]].append(synset)
    numbers: dict[str, int] = {}
    nodes: list[dict] = []
    open_ids = [ROOT]
    while open_ids:
        synset = open_ids.pop()
        numbers[synset] = len(nodes)
        nodes.append({"id": synset})
        open_ids += reversed(children[synset])
    if len(nodes) != len(used):
        raise ValueError("the first hypernyms do not form a tree")
    class_of = {synset: at for at, synset in enumerate(classes)}
    for node in nodes:
        synset = synsets[node["id"]]
        parents = [numbers[parent] for parent in synset.hypernyms]
        node["parent"] = parents[0] if parents else -1
        if len(parents) > 1:
            node["also"] = parents[1:]
        node["words"] = synset.words
        if node["id"] in class_of:
            if children[node["id"]]:
                raise ValueError(f"class {node['id']} has hyponyms among the classes")
            node["class"] = class_of[node["id"]]
    return nodes


def write_vocabulary(path: Path, edition: int, nodes: list[dict], irregular: dict[str, str]) -> None:
    """Writes `vocabulary.json`, one node on a line."""
    lines = ",\n".join(json.dumps(node, ensure_ascii=False, separators=(",", ":")) for node in nodes)
    plurals = json.dumps(irregular, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.write_text(
        f'{{"format":{FORMAT},"edition":{edition},"irregular":{plurals},"nodes":[\n{lines}\n]}}\n', encoding="utf-8"
    )
