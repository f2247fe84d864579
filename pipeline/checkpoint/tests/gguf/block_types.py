"""types.gguf and its like: a tensor of each type of block, and what the package gguf makes of it.

The blocks are random bytes, but for their scales: these are f16 of all sizes, negative ones and subnormal ones among them,
and the first blocks have the codes and scales that a wrong shift or sign shows in. A matrix has four rows of 512 numbers.
"""

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFEndian, GGUFValueType, GGUFWriter, quants
from gguf.constants import GGML_QUANT_SIZES

ROWS, COLUMNS = 4, 512

# Where a block keeps numbers in f16: bytes from its start.
SCALES = {
    Type.Q8_0: [0],
    Type.Q4_0: [0],
    Type.Q4_1: [0, 2],
    Type.Q5_0: [0],
    Type.Q5_1: [0, 2],
    Type.Q2_K: [80, 82],
    Type.Q3_K: [108],
    Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
}
PLAIN = [Type.F32, Type.F16, Type.BF16]
# Of the many types that no loader of ours reads.
REFUSED = Type.IQ4_NL

# The values of f16 that come first: 1, a third below zero, the largest, subnormal ones, zeros, the smallest normal one.
HALVES = [0x3C00, 0xB555, 0x7BFF, 0x8001, 0xBC00, 0x03FF, 0x0001, 0x0000, 0x8000, 0x0400]

# A value of every type that metadata have.
METADATA = {
    "clika.uint8": (GGUFValueType.UINT8, 255),
    "clika.int8": (GGUFValueType.INT8, -128),
    "clika.uint16": (GGUFValueType.UINT16, 65535),
    "clika.int16": (GGUFValueType.INT16, -32768),
    "clika.uint32": (GGUFValueType.UINT32, 4294967295),
    "clika.int32": (GGUFValueType.INT32, -2147483648),
    "clika.float32": (GGUFValueType.FLOAT32, 0.15625),
    "clika.bool": (GGUFValueType.BOOL, True),
    "clika.string": (GGUFValueType.STRING, "Łódź 東京 🙂"),
    "clika.empty": (GGUFValueType.STRING, ""),
    "clika.strings": (GGUFValueType.ARRAY, ["a", "", "é"]),
    "clika.integers": (GGUFValueType.ARRAY, [1, -2, 3]),
    "clika.floats": (GGUFValueType.ARRAY, [0.5, -1.25]),
    "clika.booleans": (GGUFValueType.ARRAY, [True, False]),
    "clika.nested": (GGUFValueType.ARRAY, [[1, 2], [3]]),
    "clika.uint64": (GGUFValueType.UINT64, 18446744073709551615),
    "clika.int64": (GGUFValueType.INT64, -9223372036854775808),
    "clika.float64": (GGUFValueType.FLOAT64, 0.1),
}


def generator(*purpose):
    """A random generator that depends on nothing but the words of its purpose."""
    return np.random.Generator(np.random.PCG64(list("/".join(map(str, purpose)).encode())))


def halves(rng, count):
    """Numbers in f16 of all sizes, none of them infinite, those of HALVES first."""
    bits = rng.integers(0, 1 << 16, count, dtype=np.uint16)
    # An exponent of all ones is infinity or no number.
    bits[bits & 0x7C00 == 0x7C00] ^= 0x4000
    known = np.array(HALVES[: count * 3 // 4], dtype=np.uint16)
    bits[: len(known)] = known
    return bits


def blocks(kind):
    """The bytes of one matrix, a row of bytes for each of its own."""
    rng = generator("blocks", kind.name)
    size, width = GGML_QUANT_SIZES[kind]
    count = ROWS * COLUMNS // size
    raw = rng.integers(0, 256, (count, width), dtype=np.uint8)
    # The extreme codes: all bits clear, all bits set, and one bit in each byte.
    for number, byte in enumerate([0x00, 0xFF, 0x0F, 0xF0, 0x80, 0x01]):
        if number < count // 2:
            raw[number] = byte
    for number, offset in enumerate(SCALES.get(kind, [])):
        scales = np.roll(halves(rng, count), 3 * number)
        raw[:, offset : offset + 2] = scales.astype("<u2").view(np.uint8).reshape(count, 2)
    return raw.reshape(ROWS, -1)


def plain(kind):
    """A matrix of F32, F16 or BF16, of all sizes and without infinity, as the writer wants it."""
    rng = generator("blocks", kind.name)
    if kind == Type.F32:
        bits = rng.integers(0, 1 << 32, (ROWS, COLUMNS), dtype=np.uint32)
        bits[bits & 0x7F800000 == 0x7F800000] ^= 0x40000000
        bits[0, :4] = [0x00000001, 0x80000000, 0x7F7FFFFF, 0x00800000]
        return bits.view(np.float32)
    if kind == Type.F16:
        return halves(rng, ROWS * COLUMNS).view(np.float16).reshape(ROWS, COLUMNS)
    bits = rng.integers(0, 1 << 16, ROWS * COLUMNS, dtype=np.uint16)
    bits[bits & 0x7F80 == 0x7F80] ^= 0x4000
    bits[:4] = [0x0001, 0x8000, 0x7F7F, 0x0080]
    return bits.astype("<u2").view(np.uint8).reshape(ROWS, -1)


def tensors():
    """For each type its name, its bytes as the writer wants them, and its numbers."""
    for kind in PLAIN + list(SCALES):
        data = plain(kind) if kind in PLAIN else blocks(kind)
        numbers = data.astype(np.float32) if data.dtype != np.uint8 else quants.dequantize(data, kind)
        numbers = np.ascontiguousarray(numbers, dtype="<f4")
        assert np.isfinite(numbers).all() and numbers.shape == (ROWS, COLUMNS), kind
        yield kind, data, numbers


def write(path, content, metadata=METADATA, **options):
    """A file of these tensors, in the order given; `alignment` is that of the format if it is not among the options."""
    alignment = options.pop("alignment", None)
    writer = GGUFWriter(path, "llama", **options)
    if alignment:
        writer.add_custom_alignment(alignment)
    for key, (kind, value) in metadata.items():
        writer.add_key_value(key, value, kind)
    for name, kind, data in content:
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_all(folder):
    """Writes the files and returns the numbers of types.gguf by type."""
    found = {kind.name: (data, numbers) for kind, data, numbers in tensors()}
    content = [(name.lower(), Type[name], data) for name, (data, _) in found.items()]
    write(folder / "types.gguf", content)
    # Two tensors whose sizes are no multiples of the alignment.
    norm = np.arange(5, dtype=np.float32)
    few = [("blk.0.attn_norm.weight", Type.F32, norm), ("q8_0", Type.Q8_0, found["Q8_0"][0])]
    write(folder / "alignment.gguf", few, {}, alignment=256)
    write(folder / "big-endian.gguf", few, {}, endianess=GGUFEndian.BIG)
    refused = generator("blocks", REFUSED.name).integers(0, 256, (ROWS, COLUMNS // 32 * 18), dtype=np.uint8)
    write(folder / "refused-type.gguf", [("blk.0.attn_q.weight", REFUSED, refused)], {})
    lora = [
        (f"blk.0.attn_q.weight.lora_{part}", Type.F32, np.full(shape, 0.5, dtype=np.float32))
        for part, shape in [("a", (4, 32)), ("b", (32, 4))]
    ]
    adapter = {
        "general.type": (GGUFValueType.STRING, "adapter"),
        "adapter.type": (GGUFValueType.STRING, "lora"),
        "adapter.lora.alpha": (GGUFValueType.FLOAT32, 8.0),
    }
    write(folder / "adapter.gguf", lora, adapter)
    return {name.lower(): numbers for name, (_, numbers) in found.items()}
