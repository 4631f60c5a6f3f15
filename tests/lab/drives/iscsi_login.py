"""The login phase (RFC 7143 6.3, 11.12, 11.13, 13): no authentication, one connection a session, no recovery."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tests.lab.drives.iscsi_pdu import LOGIN_RESPONSE, Pdu, encode_texts, texts

_TRANSIT, _CONTINUE = 0x80, 0x40
_FULL_FEATURE, _OPERATIONAL = 3, 1
_NOT_FOUND, _MISSING, _BAD_AUTHENTICATION = (2, 3), (2, 7), (2, 1)

_OURS = {
    "HeaderDigest": "None",
    "DataDigest": "None",
    "MaxConnections": "1",
    "InitialR2T": "Yes",
    "DefaultTime2Wait": "2",
    "DefaultTime2Retain": "0",
    "MaxOutstandingR2T": "1",
    "DataPDUInOrder": "Yes",
    "DataSequenceInOrder": "Yes",
    "ErrorRecoveryLevel": "0",
    "IFMarker": "No",
    "OFMarker": "No",
}
_DECLARED = {
    "InitiatorName",
    "InitiatorAlias",
    "SessionType",
    "TargetName",
    "MaxRecvDataSegmentLength",
}
_LIMITS = {"MaxBurstLength": 262144, "FirstBurstLength": 65536}
_RECEIVES = 262144


@dataclass(frozen=True)
class Parameters:
    """What both sides agreed on; lengths in bytes."""

    discovery: bool = False
    target: str = ""
    initiator: str = ""
    isid: bytes = bytes(6)
    segment: int = 8192
    burst: int = 262144
    immediate_data: bool = True


@dataclass
class Login:
    """Answers login requests until the full feature phase is reached; `done` says so, `refused` the opposite."""

    targets: Collection[str]
    tsih: int
    done: bool = False
    refused: bool = False
    parameters: Parameters = field(default_factory=Parameters)
    _held: bytes = b""
    _declared: bool = False

    def answer(self, request: Pdu) -> Pdu:
        """One login request's response; the sequence numbers are the connection's to fill in."""
        self._held += request.data
        current, following = request.flags >> 2 & 3, request.flags & 3
        if request.flags & _CONTINUE:
            return self._response(request, current << 2)
        given, self._held = texts(self._held), b""
        self._take(given, request.header[8:14])
        status = self._refusal(given)
        if status is not None:
            self.refused = True
            return self._response(request, current << 2).put(36, status[0], 1).put(37, status[1], 1)
        flags = current << 2
        if request.flags & _TRANSIT:
            flags |= _TRANSIT | following
            self.done = following == _FULL_FEATURE
        response = self._response(request, flags)
        response.data = encode_texts(self._answers(given, declare=current == _OPERATIONAL))
        return response

    def _response(self, request: Pdu, flags: int) -> Pdu:
        response = Pdu(LOGIN_RESPONSE, flags, tag=request.tag)
        response.lun = request.header[8:14] + (self.tsih if self.done else request.number(14, 2)).to_bytes(2, "big")
        return response

    def _take(self, given: dict[str, str], isid: bytes) -> None:
        known = self.parameters
        segment = int(given.get("MaxRecvDataSegmentLength", str(known.segment)), 0)
        self.parameters = replace(
            known,
            isid=isid,
            discovery=given.get("SessionType", "Discovery" if known.discovery else "Normal") == "Discovery",
            target=given.get("TargetName", known.target),
            initiator=given.get("InitiatorName", known.initiator),
            segment=segment,
            burst=min(known.burst, int(given.get("MaxBurstLength", str(known.burst)), 0)),
            immediate_data=given.get("ImmediateData", "Yes" if known.immediate_data else "No") == "Yes",
        )

    def _refusal(self, given: dict[str, str]) -> tuple[int, int] | None:
        """Status class and detail (RFC 7143 11.13.5) of what can't be; None where all is well."""
        if not self.parameters.initiator:
            return _MISSING
        if "AuthMethod" in given and "None" not in given["AuthMethod"].split(","):
            return _BAD_AUTHENTICATION
        if self.parameters.discovery:
            return None
        if not self.parameters.target:
            return _MISSING
        return None if self.parameters.target in self.targets else _NOT_FOUND

    def _answers(self, given: dict[str, str], *, declare: bool) -> list[tuple[str, str]]:
        answers = [(key, self._value(key, value)) for key, value in given.items() if key not in _DECLARED]
        if "TargetName" in given and not self.parameters.discovery:
            answers.insert(0, ("TargetPortalGroupTag", "1"))
        if declare and not self._declared:
            self._declared = True
            answers.append(("MaxRecvDataSegmentLength", str(_RECEIVES)))
        return answers

    @staticmethod
    def _value(key: str, value: str) -> str:
        if key == "AuthMethod":
            return "None"
        if key == "ImmediateData":
            return value
        if key in _LIMITS:
            return str(min(int(value, 0), _LIMITS[key]))
        return _OURS.get(key, "NotUnderstood")
