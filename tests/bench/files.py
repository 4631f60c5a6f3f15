"""Files as people leave them on a donated computer: photographs, letters, pay slips; each can be told from any other."""

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import typst
from PIL import Image, PngImagePlugin

from tests.bench.tables import SECTOR

_WORDS = [
    "salaire",
    "contrat",
    "facture",
    "dossier",
    "famille",
    "vacances",
    "banque",
    "impots",
    "notaire",
    "courrier",
]
_PADDING = " " * 64
_ZIP_TIME = (2019, 6, 21, 12, 0, 0)


@dataclass(frozen=True)
class PlantedFile:
    """One file; `carved` says that a recovery program must give it back whole, `tokens` stand in it in clear."""

    name: str
    data: bytes
    tokens: tuple[str, ...]
    carved: bool

    @property
    def sha256(self) -> str:
        """Digest of the content, hex."""
        return sha256(self.data).hexdigest()


def make_files(counts: dict[str, int], seed: str) -> list[PlantedFile]:
    """Files of each kind ("jpeg", "png", "pdf", "docx", "text"), the same for the same seed."""
    made = []
    for kind, count in counts.items():
        for number in range(1, count + 1):
            rng = random.Random(f"{seed}/{kind}/{number}")
            made.append(_MAKERS[kind](number, rng, token(rng)))
    return made


def token(rng: random.Random) -> str:
    """A secret that occurs nowhere else on earth."""
    return f"Salaire-DUPONT-PERSO-{rng.getrandbits(80):020x}"


def _picture(rng: random.Random, width: int, height: int) -> Image.Image:
    small = Image.frombytes("RGB", (width // 16, height // 16), rng.randbytes(width // 16 * (height // 16) * 3))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def _jpeg(number: int, rng: random.Random, secret: str) -> PlantedFile:
    out = io.BytesIO()
    _picture(rng, 800, 608).save(out, "JPEG", quality=90, comment=secret.encode())
    return PlantedFile(f"PHOTO{number:03}.JPG", out.getvalue(), (secret,), carved=True)


def _png(number: int, rng: random.Random, secret: str) -> PlantedFile:
    picture = _picture(rng, 320, 240)
    data = _png_bytes(picture, secret)
    # PhotoRec 7.1 gives up on a PNG whose last chunk lies across two sectors.
    if len(data) % SECTOR < len(_PADDING):
        data = _png_bytes(picture, secret + _PADDING)
    return PlantedFile(f"SCAN{number:04}.PNG", data, (secret,), carved=True)


def _png_bytes(picture: Image.Image, comment: str) -> bytes:
    out = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", comment)
    picture.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _pdf(number: int, rng: random.Random, secret: str) -> PlantedFile:
    words = " ".join(rng.choices(_WORDS, k=400))
    source = f'#set document(title: "{secret}", date: none)\n= Lettre {number}\n{words}\n'
    return PlantedFile(f"LETTRE{number:02}.PDF", typst.compile(source.encode()), (secret,), carved=True)


def _docx(number: int, rng: random.Random, secret: str) -> PlantedFile:
    words = " ".join(rng.choices(_WORDS, k=600))
    ns = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
        "</Types>",
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{ns}"><w:body><w:p><w:r><w:t>{secret} {words}</w:t></w:r></w:p></w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), text)
    return PlantedFile(f"CONTRA{number:02}.DOC", out.getvalue(), (secret,), carved=True)


def _text(number: int, rng: random.Random, secret: str) -> PlantedFile:
    lines = [f"Salaire de Mme DUPONT-PERSO, mois {number}: {rng.randint(1800, 4200)} EUR, {secret}"]
    lines += [" ".join(rng.choices(_WORDS, k=12)) for _ in range(60)]
    # Recovery programs guess where a text ends, so that texts are looked for by their secret instead.
    return PlantedFile(f"PAIE{number:04}.TXT", "\n".join(lines).encode() + b"\n", (secret,), carved=False)


_MAKERS: dict[str, Callable[[int, random.Random, str], PlantedFile]] = {
    "jpeg": _jpeg,
    "png": _png,
    "pdf": _pdf,
    "docx": _docx,
    "text": _text,
}
