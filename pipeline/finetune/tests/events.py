"""Computes the checksums in src/events.rs, and reads an event file as TensorBoard frames it: events.py [FILE].

Needs nothing but Python. The checksum is table-driven here, and bit by bit there.
"""

import struct
import sys

TABLE = []
for byte in range(256):
    crc = byte
    for _ in range(8):
        crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    TABLE.append(crc)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(content):
    at = 0
    while at < len(content):
        length, crc = struct.unpack_from("<QI", content, at)
        assert crc == masked(content[at : at + 8]), f"length at {at}"
        data = content[at + 12 : at + 12 + length]
        (crc,) = struct.unpack_from("<I", content, at + 12 + length)
        assert crc == masked(data), f"data at {at}"
        yield data
        at += 16 + length


assert crc32c(b"123456789") == 0xE3069283
if len(sys.argv) > 1:
    content = open(sys.argv[1], "rb").read()
    print(sum(1 for _ in records(content)), "records")
else:
    version = b"\x09" + struct.pack("<d", 1.5) + b"\x1a\x0dbrain.Event:2"
    values = b"".join(
        b"\x0a" + bytes([len(tag) + 7]) + b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + struct.pack("<f", value)
        for tag, value in [(b"loss", 0.5), (b"abc", -2.0)]
    )
    step = b"\x09" + struct.pack("<d", 1.5) + b"\x10\xac\x02\x2a" + bytes([len(values)]) + values
    for message in [version, step]:
        print(len(message), message, hex(masked(struct.pack("<Q", len(message)))), hex(masked(message)))
