"""The defects that would let a document be called stamped or logged wrongly, or the log sign a second history."""

from __future__ import annotations

from tests.mutants.defects import Defect

PROOFS = ("tests/unit/certificate/test_proofs.py", "tests/unit/certificate/test_tlog.py")
FINALS = ("tests/unit/server_stub/test_final.py",)
LOG = ("tests/unit/server_stub/test_log.py",)
FETCHED = ("tests/unit/registry/test_final_fetch.py",)

PROOF_DEFECTS = (
    Defect(
        "an inclusion proof leads anywhere",
        "agent/certificate/tlog.py",
        "    if not hmac.compare_digest(found, root):\n",
        "    if False:\n",
        PROOFS,
    ),
    Defect(
        "a consistency proof is compared at its new end only",
        "agent/certificate/tlog.py",
        "    if not hmac.compare_digest(from_old, old_root) or not hmac.compare_digest(from_new, new_root):\n",
        "    if not hmac.compare_digest(from_new, new_root):\n",
        PROOFS,
    ),
    Defect(
        "a stamp alone counts as logged",
        "agent/certificate/verify.py",
        "    return Degree.TIMESTAMPED if logged is None else Degree.LOGGED\n",
        "    return Degree.LOGGED\n",
        PROOFS,
    ),
    Defect(
        "a log proof needs no time stamp",
        "agent/certificate/verify.py",
        "    if stamp is None:\n        return Degree.SIGNED\n",
        "",
        PROOFS,
    ),
    Defect(
        "a record may claim a head that the log reached after it",
        "agent/certificate/proofs.py",
        "    if claimed.size > logged.index:\n",
        "    if False:\n",
        PROOFS,
    ),
    Defect(
        "two histories of one size are one",
        "agent/certificate/proofs.py",
        "    if not same_head(known, head):\n",
        "    if False:\n",
        PROOFS,
    ),
    Defect(
        "a time stamp's signature is not looked at",
        "agent/certificate/timestamp.py",
        "        check_ecdsa(signatory, attributes)\n",
        "        pass\n",
        ("tests/unit/certificate/test_timestamp.py",),
    ),
    Defect(
        "a time stamp may be over something else",
        "agent/certificate/timestamp.py",
        "or not hmac.compare_digest(imprint, digest)",
        "",
        ("tests/unit/certificate/test_timestamp.py",),
    ),
    Defect(
        "a time stamp of another root counts",
        "agent/certificate/proofs.py",
        "    if authority.root != chain.root:\n",
        "    if False:\n",
        FINALS,
    ),
    Defect(
        "a station may stamp the time",
        "agent/certificate/proofs.py",
        "find_chain(stamp.leaf, stamp.issuing_ca, trust, LeafKind.TIME_STAMPING)",
        "find_chain(stamp.leaf, stamp.issuing_ca, trust)",
        FINALS,
    ),
    Defect(
        "an expired authority stamps on",
        "agent/certificate/proofs.py",
        "    check_validity(authority, max(at, stamp.time), LeafKind.TIME_STAMPING)\n",
        "",
        FINALS,
    ),
    Defect(
        "a revocation in the very second of the stamp counts as later",
        "agent/certificate/revocation.py",
        "    if stamped and at < since:\n",
        "    if stamped and at <= since:\n",
        FINALS,
    ),
    Defect(
        "the date from which a key is not to be trusted is ignored",
        "agent/certificate/revocation.py",
        "            since = min(since, invalidity.invalidity_date_utc)\n",
        "            pass\n",
        FINALS,
    ),
    Defect(
        "a final document's seal needs no stamp of its own",
        "agent/certificate/verify.py",
        "        stamp = check_stamp(envelope.time_stamp, digest, sealer, asked.trust, asked.at)\n",
        "        stamp = found.stamp\n",
        FINALS,
    ),
    Defect(
        "a restored database signs on",
        "server_stub/log_files.py",
        "        if not hmac.compare_digest(known, published.root):\n",
        "        if False:\n",
        LOG,
    ),
    Defect(
        "a damaged tree is signed on",
        "server_stub/translog.py",
        "    if not hmac.compare_digest(root, head.root):\n",
        "    if False:\n",
        LOG,
    ),
    Defect(
        "a record is receipted without its entry in the log",
        "server_stub/store.py",
        "                log_record(connection, sequence, evidence.record_sha256)\n",
        "",
        LOG,
    ),
    Defect(
        "whatever the registry calls final is kept",
        "agent/registry/finals.py",
        "    if not report.valid:\n",
        "    if False:\n",
        FETCHED,
    ),
    Defect(
        "a final document of another record is kept",
        "agent/registry/finals.py",
        "    if read_attachments(document) != evidence:\n",
        "    if False:\n",
        FETCHED,
    ),
    Defect(
        "the station's own copy passes for the final document",
        "agent/registry/finals.py",
        "    required = Degree.LOGGED if trust.log_keys else Degree.TIMESTAMPED\n",
        "    required = Degree.SIGNED\n",
        FETCHED,
    ),
)
