import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from tessera_training.words.network import STAGES, build_graph
from tessera_training.words.quantise import agreement, quantise, quantise_weights
from tessera_training.words.vocabulary import build_vocabulary, read_classes, read_irregular, read_synsets, write_vocabulary

DATA = """  1 a licence
00001740 03 n 01 entity 0 000 | that which exists
00000020 03 n 02 animal 0 domestic_beast 0 001 @ 00001740 n 0000 | alive
00000030 05 n 01 dog 0 002 @ 00000020 n 0000 ~ 00000040 n 0000 | barks
00000040 05 n 01 pug 0 001 @ 00000030 n 0000 | small
00000050 05 n 01 cat 0 002 @ 00000020 n 0000 @ 00000060 n 0000 | purrs
00000060 05 n 01 pet 0 001 @ 00000020 n 0000 | at home
00000070 05 n 01 stone 0 001 @ 00001740 n 0000 | not used
"""


@pytest.fixture
def wordnet(tmp_path):
    (tmp_path / "data.noun").write_text(DATA)
    (tmp_path / "noun.exc").write_text("dogges dog\nlice louse\n")
    (tmp_path / "classes.json").write_text(json.dumps({"1": "n00000040", "0": "n00000050"}))
    return tmp_path


def test_vocabulary_is_a_tree_in_pre_order_with_further_hypernyms(wordnet, tmp_path):
    synsets = read_synsets(wordnet / "data.noun")
    nodes = build_vocabulary(synsets, read_classes(wordnet / "classes.json"))
    assert [(node["words"][0], node["parent"], node.get("class")) for node in nodes] == [
        ("entity", -1, None),
        ("animal", 0, None),
        ("dog", 1, None),
        ("pug", 2, 1),
        ("cat", 1, 0),
        ("pet", 1, None),
    ]
    assert nodes[4]["also"] == [5]
    assert nodes[1]["words"] == ["animal", "domestic beast"]
    irregular = read_irregular(wordnet / "noun.exc", [word for node in nodes for word in node["words"]])
    assert irregular == {"dogges": "dog"}
    write_vocabulary(tmp_path / "vocabulary.json", 3, nodes, irregular)
    assert json.loads((tmp_path / "vocabulary.json").read_text()) == {
        "format": 1,
        "edition": 3,
        "irregular": irregular,
        "nodes": nodes,
    }


def test_a_class_above_another_is_refused(wordnet):
    synsets = read_synsets(wordnet / "data.noun")
    with pytest.raises(ValueError, match="n00000030 has hyponyms"):
        build_vocabulary(synsets, ["n00000030", "n00000040"])


def test_weights_in_eight_bits_are_near_and_empty_channels_stay_empty():
    weights = np.random.default_rng(1).normal(size=(5, 3, 3, 3)).astype(np.float32)
    weights[2] = 0
    values, steps = quantise_weights(weights)
    assert values.dtype == np.int8 and np.abs(values).max() <= 127
    assert np.abs(values * steps[:, None, None, None] - weights).max() < 0.35 * np.abs(weights).max()
    assert not values[2].any()
    share = ((values * steps[:, None, None, None] - weights) ** 2).sum() / (weights**2).sum()
    assert share < 1e-4


def test_quantised_graph_has_int8_weights_and_the_same_result():
    weights = np.random.default_rng(2).normal(size=(4, 6)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.ones(4, np.float32), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    quantised = quantise(model)
    assert {t.name: t.data_type for t in quantised.graph.initializer}["w.values"] == TensorProto.INT8
    x = np.random.default_rng(3).normal(size=(7, 6)).astype(np.float32)
    run = lambda m: onnxruntime.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    assert np.abs(run(model) - run(quantised)).max() < 0.1
    assert len(model.graph.node) == 1


def fake_weights() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(4)
    weights: dict[str, np.ndarray] = {}

    def layer(conv: str, norm: str, out: int, inside: int, width: int) -> None:
        weights[f"{conv}.weight"] = generator.normal(size=(out, inside, width, width), scale=0.1).astype(np.float32)
        for name, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            weights[f"{norm}.{name}"] = np.full(out, value, np.float32)

    layer("_conv_stem", "_bn0", 32, 3, 3)
    channels, number = 32, 0
    for out, _, width, repeats, growth in STAGES:
        for _ in range(repeats):
            block, inner = f"_blocks.{number}", channels * growth
            if growth > 1:
                layer(f"{block}._expand_conv", f"{block}._bn0", inner, channels, 1)
            layer(f"{block}._depthwise_conv", f"{block}._bn1", inner, 1, width)
            layer(f"{block}._project_conv", f"{block}._bn2", out, inner, 1)
            channels, number = out, number + 1
    layer("_conv_head", "_bn1", 1280, 320, 1)
    weights["_fc.weight"] = generator.normal(size=(1000, 1280), scale=0.1).astype(np.float32)
    weights["_fc.bias"] = np.zeros(1000, np.float32)
    return weights


def test_graph_gives_probabilities_of_1000_classes():
    model = build_graph(fake_weights())
    picture = np.random.default_rng(5).uniform(0, 255, (1, 3, 224, 224)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(None, {"picture": picture})
    assert probabilities.shape == (1, 1000)
    assert abs(float(probabilities.sum()) - 1) < 1e-4
    # Five halvings of the size, as in the original: 224 to 7.
    strides = [a.ints for node in model.graph.node if node.op_type == "Conv" for a in node.attribute if a.name == "strides"]
    assert sum(list(stride) == [2, 2] for stride in strides) == 5


def test_agreement_counts_the_best_classes():
    exact = np.eye(10)[:2] + np.linspace(0.1, 0, 10)
    assert agreement(exact, exact) == {"top1": 1.0, "top1InTop5": 1.0, "top5": 1.0}
    other = exact[:, ::-1]
    told = agreement(exact, other)
    assert told["top1"] == 0 and told["top1InTop5"] == 0 and told["top5"] < 0.5
