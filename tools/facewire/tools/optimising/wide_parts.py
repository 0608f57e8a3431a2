"""Parts of a network: what they read, and what they answer when run by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import AttributeProto, ModelProto, TensorProto, helper

from facewire.inference.ort import load_onnxruntime
from facewire.tools.optimising.maker import OptimiseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, ValueInfoProto


def refuse(node: NodeProto | None, text: str) -> OptimiseError:
    """Return the error that names a node."""
    what = f"{node.op_type} {node.name or node.output[0]!r}: " if node is not None else ""
    return OptimiseError(
        f"The network cannot be made vertex-free: {what}{text}",
        hint="The original network is used; nothing is lost but speed.",
    )


def reads(node: NodeProto) -> Iterable[str]:
    """Yield what a node reads, from inside its branches too."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            inner = attribute.g
            own = {name for each in inner.node for name in each.output}
            own |= {each.name for each in inner.initializer}
            own |= {each.name for each in inner.input}
            for each in inner.node:
                yield from (name for name in reads(each) if name not in own)
            yield from (each.name for each in inner.output if each.name not in own)


def run_part(
    model: ModelProto,
    tensors: Mapping[str, TensorProto],
    nodes: Sequence[NodeProto],
    arrays: Sequence[str],
    outputs: Sequence[ValueInfoProto],
    feeds: dict[str, NDArray[Any]],
) -> list[NDArray[Any]]:
    """Return what some nodes of a network answer, computed as written, on one thread.

    Args:
        model: The network they are of.
        tensors: Its stored arrays by name.
        nodes: In an order in which they can run.
        arrays: Names of those stored arrays that may be read.
        outputs: What is wanted.
        feeds: Everything else that is read.

    Raises:
        OptimiseError: onnxruntime refuses them.
    """
    read = {name for node in nodes for name in reads(node)}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, feed.shape)
        for name, feed in feeds.items()
    ]
    part = ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    graph = part.graph
    graph.name = "part"
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    graph.output.extend(outputs)
    graph.initializer.extend(tensors[name] for name in arrays if name in read)
    content = part.SerializeToString()
    del part, graph  # each copy of a full network is 0.7 GB
    runtime = load_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        del content
        found: list[NDArray[Any]] = session.run(None, feeds)
    except Exception as error:  # noqa: BLE001 - onnxruntime raises classes of a private module
        raise refuse(None, f"a part of it does not run by itself ({error}).") from None
    return found
