"""The tables, and how a database is opened: SQLite with WAL and synchronous=FULL, or another by its URL."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from agent.errors import EnvironmentLacks, UsageError

BUSY_MILLISECONDS = 30_000

metadata = MetaData()

# One row: the last sequence number given away, and the registry whose key signs (receipt.registry_id).
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("registry", String(64), nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("record_sha256", String(64), nullable=False, unique=True),
    Column("evidence_sha256", String(64), nullable=False),
    Column("record_id", String(36), nullable=False, unique=True),
    Column("received_at", String(24), nullable=False),
    Column("issued_at", String(24), nullable=False),
    Column("headline", String(32), nullable=False),
    Column("environment", String(32), nullable=False),
    Column("specimen", Boolean, nullable=False),
    Column("test_root", Boolean, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("machine_serial", Text, nullable=False),
    Column("machine_serial_folded", Text, nullable=False, index=True),
    Column("record", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("sequence", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("serial_folded", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("capacity_bytes", BigInteger, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("technique", String(64), nullable=False),
    Column("level_reached", String(16), nullable=False),
    Column("bytes_matching", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index("media_by_serial", "serial_folded"),
)

# The place of each record in its station's own sequence, and the pairs of records that can't both belong to one.
station_links = Table(
    "station_links",
    metadata,
    Column("sequence", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, index=True),
    Column("previous_sha256", String(64), nullable=False, index=True),
)

forks = Table(
    "forks",
    metadata,
    Column("sequence", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False),
    Column(
        "other", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False, index=True
    ),
    Column("kind", String(64), nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("evidence_sha256", String(64), primary_key=True),
    Column("record_sha256", String(64), nullable=False, index=True),
    Column("reason", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("first_at", String(24), nullable=False),
    Column("last_at", String(24), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# The transparency log (C2SP tlog-tiles). Entry number i is the record with the sequence number i + 1; it stays when a record goes.
log_entries = Table(
    "log_entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary(32), nullable=False),
)

log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

# One row: size and root of the log as it is, and the checkpoint that was signed last (empty before the first).
log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("origin", Text, nullable=False),
    Column("checkpoint", LargeBinary, nullable=False),
    Column("last_stamp", BigInteger, nullable=False),
)

# What proves a record's time and place in the log, and the final document once it was made.
proofs = Table(
    "proofs",
    metadata,
    Column("sequence", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False),
    Column("time_stamp", LargeBinary),
    Column("log_proof", LargeBinary),
    Column("final", LargeBinary),
    Column("outside_stamp", LargeBinary),
)

# The final document in other languages than the record's own, each made when it is first asked for.
final_copies = Table(
    "final_copies",
    metadata,
    Column("sequence", BigInteger, ForeignKey("certificates.sequence"), primary_key=True, autoincrement=False),
    Column("language", String(8), primary_key=True),
    Column("final", LargeBinary, nullable=False),
)


def open_engine(url: str) -> Engine:
    """An engine whose write transactions take the lock at once; raises UsageError, EnvironmentLacks."""
    remedy = "Give it as sqlite:///FILE or in another form that SQLAlchemy knows."
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True)
        if parsed.database in {None, "", ":memory:"}:
            raise UsageError("A database in memory would lose every record.", remedy)
        engine = create_engine(parsed, pool_size=8, max_overflow=48)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError("The database's URL is not one that can be opened.", remedy) from error
    except ImportError as error:
        raise EnvironmentLacks(
            f"The database's driver is not installed: {error.name}.", "Install it, or use sqlite:///FILE."
        ) from error
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    # The driver would begin transactions late and deferred; ours begin where the code says so.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ardoise_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
