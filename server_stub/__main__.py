"""`ardoise-registry`: serve, keygen, keys."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.certificate.receipt import registry_id
from agent.core_policy import keep_memory_private
from agent.errors import AgentError
from server_stub.app import create_app
from server_stub.authority import LOG_FILES, make_log_key, open_folder
from server_stub.judge import Judge, TrustFiles
from server_stub.keys import load_key, make_key
from server_stub.serving import base_url, bind, make_server, parse_listen
from server_stub.settings import DEFAULT_DATABASE, Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 2 (usage) or 3 (the environment lacks something)."""
    keep_memory_private()
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        commands = {"keygen": _keygen, "keys": _keys, "serve": _serve}
        return commands[arguments.command](arguments)
    except AgentError as error:
        _say(f"ardoise-registry: {error}")
        return int(error.exit_code)


def _keygen(arguments: argparse.Namespace) -> int:
    public = make_key(arguments.file)
    _say(f"Private key: {arguments.file} (keep it here, and a copy in a safe place)")
    _say(f"Public key:  {public} (copy it to each station's folder as registry.pub.pem)")
    return 0


def _keys(arguments: argparse.Namespace) -> int:
    verifier = make_log_key(arguments.folder, arguments.origin)
    _say(f"The log's key is in {arguments.folder}; its public half, {verifier}, goes to stations and auditors.")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    host, port = parse_listen(arguments.listen)
    key = load_key(arguments.key)
    trust = TrustFiles(arguments.trust, arguments.crl, arguments.root_crl)
    default_origin = f"ardoise-log/{registry_id(key.public_key())[:16]}"
    settings = Settings(
        key=key,
        verifier=Judge(trust),
        database=arguments.database,
        authority=open_folder(arguments.folder, default_origin),
        log_folder=arguments.folder / LOG_FILES,
        trust=trust.current,
        outside_tsa=arguments.tsa,
    )
    app = create_app(settings)
    with bind(host, port) as listener:
        _say(f"ardoise-registry listens on {base_url(listener)}")
        make_server(app).run(sockets=[listener])
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ardoise-registry", description="Archives records and answers with receipts."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the registry")
    serve.add_argument("--trust", type=Path, required=True, metavar="ROOT.pem", help="trusted root certificates")
    serve.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="Ed25519 key that signs the receipts"
    )
    serve.add_argument(
        "--database", default=DEFAULT_DATABASE, metavar="URL", help="default: %(default)s, in the current folder"
    )
    serve.add_argument("--listen", default="127.0.0.1:8799", metavar="HOST:PORT", help="default: %(default)s")
    serve.add_argument("--crl", type=Path, metavar="FILE", help="revoked stations; read again when it changes")
    serve.add_argument("--root-crl", type=Path, metavar="FILE", help="revoked issuing CAs, by the root")
    serve.add_argument(
        "--folder",
        type=Path,
        default=Path("ardoise-registry"),
        metavar="DIR",
        help="keys of log, time stamps and seals, and the log's files; default: %(default)s, in the current folder",
    )
    serve.add_argument(
        "--tsa", default="", metavar="URL", help="a second time-stamping authority (RFC 3161 over HTTP)"
    )
    keys = commands.add_parser("keys", help="make the key of the transparency log")
    keys.add_argument("folder", type=Path, metavar="DIR", help="the registry's folder")
    keys.add_argument(
        "--origin", required=True, metavar="NAME", help="the log's name, for example log.example/ardoise"
    )
    keygen = commands.add_parser("keygen", help="make a key for receipts")
    keygen.add_argument("file", type=Path, metavar="FILE", help="the private key; FILE.pub is its public half")
    return parser


if __name__ == "__main__":
    sys.exit(main())
