"""Where in a lot's folder records and statements lie, and what lies there that nobody can judge."""

import re
from dataclasses import dataclass
from pathlib import Path

from agent.certificate.document import RECORD_NAME, SIGNATURE_NAME
from agent.certificate.statement import ACCEPTANCE, DESTRUCTION, INTAKE
from agent.model.record import DocumentKind
from agent.registry.outbox import SET_ASIDE
from agent.tree import Folder, Unseen, walk

_DOCUMENTS = frozenset(kind.file_name for kind in DocumentKind)
_OF_A_RECORD = frozenset({SIGNATURE_NAME, *_DOCUMENTS, *(kind.final_name for kind in DocumentKind)})
_STATEMENTS = (ACCEPTANCE, DESTRUCTION, INTAKE)
_JOURNAL = re.compile(r"([0-9a-f-]{36})\.jsonl(\.[0-9a-f]+)?")


@dataclass(frozen=True)
class Problem:
    """A file of the lot that can't be believed, and why."""

    path: str
    what: str


@dataclass(frozen=True)
class LotTree:
    """The evidence folders, the statements by name (acceptances only where no record lies beside), and what is wrong.

    `sessions` are the ids of records that the journals lying there speak of, each with its journal's place.
    """

    evidence: tuple[Path, ...]
    destructions: tuple[Path, ...]
    receipts: tuple[Path, ...]
    acceptances: tuple[Path, ...]
    sessions: tuple[tuple[str, Path], ...]
    problems: tuple[Problem, ...]


def look_through(root: Path) -> LotTree:
    """Everything in a lot's folder that has a say, and what was lost, set aside or can't be looked into."""
    evidence: list[Path] = []
    statements: dict[str, list[Path]] = {kind.json_name: [] for kind in _STATEMENTS}
    sessions: list[tuple[str, Path]] = []
    problems: list[Problem] = []
    for found in walk(root):
        where = found.path.relative_to(root)
        if isinstance(found, Unseen):
            problems.append(Problem(str(where), f"it {found.why}: what it holds is not known"))
            continue
        sessions += [(match[1], where / name) for name in found.names if (match := _JOURNAL.fullmatch(name))]
        if SET_ASIDE in where.parts:
            problems += _set_aside(where, found)
        else:
            problems += [Problem(str(where / name), what) for name, what in _wrong_in(frozenset(found.names))]
            if RECORD_NAME in found.names:
                evidence.append(found.path)
            for name, paths in statements.items():
                if name in found.names and not (name == ACCEPTANCE.json_name and RECORD_NAME in found.names):
                    paths.append(found.path / name)
    return LotTree(
        evidence=tuple(evidence),
        destructions=tuple(statements[DESTRUCTION.json_name]),
        receipts=tuple(statements[INTAKE.json_name]),
        acceptances=tuple(statements[ACCEPTANCE.json_name]),
        sessions=tuple(sessions),
        problems=tuple(problems),
    )


def _set_aside(where: Path, folder: Folder) -> list[Problem]:
    held = [name for name in folder.names if name == RECORD_NAME or name in _OF_A_RECORD or name.endswith(".json")]
    what = "holds evidence that was set aside: nobody can tell here what it would have said"
    return [Problem(str(where), what)] if held else []


def _wrong_in(names: frozenset[str]) -> list[tuple[str, str]]:
    """What can't be whole in one folder: a part without the thing that it belongs to, or two of what there is one."""
    if RECORD_NAME not in names:
        wrong = [(name, f"there is no {RECORD_NAME} beside it") for name in sorted(names & _OF_A_RECORD)]
    else:
        both = len(names & _DOCUMENTS) > 1
        wrong = (
            [(RECORD_NAME, f"there are two documents beside it, {' and '.join(sorted(_DOCUMENTS))}")]
            if both
            else []
        )
    for kind in _STATEMENTS:
        if kind.json_name not in names:
            parts = sorted(names & {kind.signature_name, kind.pdf_name})
            wrong += [(name, f"there is no {kind.json_name} beside it") for name in parts]
    return wrong
