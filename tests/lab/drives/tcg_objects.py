"""UIDs of the objects, authorities and methods that the drive knows: Opal SSC 2.01, 4.2 and 4.3; TCG Storage Core 2.01, 5.2.3."""

from __future__ import annotations

THIS_SP = bytes.fromhex("0000000000000001")
ADMIN_SP = bytes.fromhex("0000020500000001")
LOCKING_SP = bytes.fromhex("0000020500000002")

ANYBODY = bytes.fromhex("0000000900000001")
SID = bytes.fromhex("0000000900000006")
PSID = bytes.fromhex("000000090001ff01")
ADMIN_1 = bytes.fromhex("0000000900010001")

C_PIN_SID = bytes.fromhex("0000000b00000001")
C_PIN_MSID = bytes.fromhex("0000000b00008402")
C_PIN_ADMIN_1 = bytes.fromhex("0000000b00010001")
LOCKING_INFO = bytes.fromhex("0000080100000001")
GLOBAL_RANGE = bytes.fromhex("0000080200000001")
# Locking_Range1 and so on: the number is in the last two bytes.
RANGES = bytes.fromhex("000008020003")

GET = bytes.fromhex("0000000600000016")
SET = bytes.fromhex("0000000600000017")
AUTHENTICATE = bytes.fromhex("000000060000001c")
REVERT = bytes.fromhex("0000000600000202")
ACTIVATE = bytes.fromhex("0000000600000203")
REVERT_SP = bytes.fromhex("0000000600000011")
