"""The checksum at the end of each page of a database, for a forger who knows it: what he alters must be found by other means."""
import os
import struct

PAGE, SUM = 4096, 8
_POLYNOMIAL, _SEED, _MASK = 0xC96C5795D7870F42, 0x4C69616973313031, 0xFFFFFFFFFFFFFFFF


def _table():
    rows = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        rows.append(crc)
    return rows


_TABLE = _table()


def _crc(crc, data):
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def page_sum(page, number):
    return _crc(_SEED, struct.pack(">I", number) + page[:PAGE - SUM])


def of_another_boot(mark):
    """The mark beside a log, as it looks once the machine was started again."""
    if len(mark) != 64:
        return mark
    text = mark[:24] + os.urandom(16) + mark[40:56]
    return text + struct.pack("<Q", _crc(0, text))


def fits(page, number):
    return page_sum(page, number) == struct.unpack("<Q", page[PAGE - SUM:])[0]


def reseal(data):
    """The file with checksums that fit every page."""
    sealed = bytearray(data)
    for at in range(0, len(data), PAGE):
        page = bytes(sealed[at:at + PAGE])
        if not fits(page, at // PAGE + 1):
            sealed[at + PAGE - SUM:at + PAGE] = struct.pack("<Q", page_sum(page, at // PAGE + 1))
    return bytes(sealed)
