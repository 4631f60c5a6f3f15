"""Sentences of a record's page; what stands in braces is put in by page_view.py and medium_view.py."""

from collections.abc import Mapping
from types import MappingProxyType

Three = tuple[str, str, str]

_HEAD: dict[str, Three] = {
    "provisional note": (
        "The station\u2019s own copy, until the registry has logged the record and sealed the final document.",
        "Exemplaire de la station, jusqu\u2019à ce que le registre ait journalisé l\u2019enregistrement et scellé le document définitif.",
        "Exemplar der Station, bis das Register den Datensatz protokolliert und das endgültige Dokument versiegelt hat.",
    ),
    "specimen note": (
        "SPECIMEN: simulated machine, no real drive was touched",
        "SPÉCIMEN\u00a0: machine simulée, aucun support réel n\u2019a été touché",
        "MUSTER: simuliertes Gerät, kein echter Datenträger wurde berührt",
    ),
    "not live": (
        "Not made in the live image: {where}",
        "Non établi dans le système autonome\u00a0: {where}",
        "Nicht im Live-System erstellt: {where}",
    ),
    "none found": (
        "No storage medium was found in this machine. Nothing was sanitized.",
        "Aucun support de stockage n\u2019a été trouvé dans cette machine. Rien n\u2019a été effacé.",
        "In diesem Gerät wurde kein Datenträger gefunden. Es wurde nichts gelöscht.",
    ),
    "only one": (
        "The only storage medium found was sanitized and {checked}.",
        "Le seul support de stockage trouvé a été effacé et {checked}.",
        "Der einzige gefundene Datenträger wurde gelöscht und {checked}.",
    ),
    "all": (
        "All {total} storage media found were sanitized and {checked}.",
        "Les {total} supports de stockage trouvés ont tous été effacés et {checked}.",
        "Alle {total} gefundenen Datenträger wurden gelöscht und {checked}.",
    ),
    "read back one": ("read back", "relu", "rückgelesen"),
    "read back all": ("read back", "relus", "rückgelesen"),
    "markers one": ("checked at markers", "contrôlé sur des marqueurs", "anhand von Marken geprüft"),
    "markers all": ("checked at markers", "contrôlés sur des marqueurs", "anhand von Marken geprüft"),
    "not all reached": (
        "Storage media sanitized: {done} of {total}. Not everything in this machine was reached.",
        "Supports effacés\u00a0: {done} sur {total}. Tout n\u2019a pas été atteint dans cette machine.",
        "Gelöschte Datenträger: {done} von {total}. Nicht alles in diesem Gerät wurde erreicht.",
    ),
    "some": (
        "{done} of {total} storage media found were sanitized.",
        "Supports de stockage effacés\u00a0: {done} sur {total} trouvés.",
        "{done} von {total} gefundenen Datenträgern gelöscht.",
    ),
    "partial caution": (
        "This machine is not wholly sanitized: only the media marked {word} are certified.",
        "Cette machine n\u2019est pas entièrement effacée\u00a0: seuls les supports marqués {word} sont certifiés.",
        "Dieses Gerät ist nicht vollständig gelöscht: Nur die mit {word} bezeichneten Datenträger sind zertifiziert.",
    ),
    "record caution": (
        "This is a record, not a certificate of sanitization.",
        "Ceci est un procès-verbal, et non un certificat d\u2019effacement.",
        "Dies ist ein Protokoll und kein Löschzertifikat.",
    ),
    "session caution": (
        "The session was {how}: what it had begun is not certified.",
        "La session a été {how}\u00a0: ce qu\u2019elle avait commencé n\u2019est pas certifié.",
        "Die Sitzung wurde {how}: Was sie begonnen hatte, ist nicht zertifiziert.",
    ),
    "hidden caution one": (
        "Hidden areas (HPA, DCO, AMA) of 1 medium were not examined: not covered.",
        "Les zones cachées (HPA, DCO, AMA) d\u2019un support n\u2019ont pas été examinées\u00a0: non couvertes.",
        "Versteckte Bereiche (HPA, DCO, AMA) eines Datenträgers wurden nicht untersucht: nicht erfasst.",
    ),
    "hidden caution": (
        "Hidden areas (HPA, DCO, AMA) of {count} media were not examined: not covered.",
        "Les zones cachées (HPA, DCO, AMA) de {count} supports n\u2019ont pas été examinées\u00a0: non couvertes.",
        "Versteckte Bereiche (HPA, DCO, AMA) von {count} Datenträgern wurden nicht untersucht: nicht erfasst.",
    ),
    "clock caution": (
        "The station\u2019s clock was wrong: dates here prove nothing.",
        "L\u2019horloge de la station était fausse\u00a0: les dates indiquées ne prouvent rien.",
        "Die Uhr der Station ging falsch: Die Daten in diesem Dokument beweisen nichts.",
    ),
    "raid controller": (
        "Storage controller in a RAID mode that hides drives: {what}.",
        "Contrôleur de stockage en mode RAID, qui cache des supports\u00a0: {what}.",
        "Speichercontroller in einem RAID-Modus, der Datenträger verbirgt: {what}.",
    ),
    "bare controller": (
        "Storage controller without a driver: {what}.",
        "Contrôleur de stockage sans pilote\u00a0: {what}.",
        "Speichercontroller ohne Treiber: {what}.",
    ),
}

_ISSUED: dict[str, Three] = {
    "not stated": ("not stated", "non indiqué", "nicht angegeben"),
    "none": ("none", "aucun", "keine"),
    "as claimed": ("as claimed", "selon déclaration", "nach eigener Angabe"),
    "clock claims": (
        "as the station\u2019s clock claims (source: {source})",
        "selon l\u2019horloge de la station (source\u00a0: {source})",
        "nach der Uhr der Station (Quelle: {source})",
    ),
    "image": ("image {digest}", "image {digest}", "Abbild {digest}"),
    "record number": (
        "{id}, number {number} of this station",
        "{id}, numéro {number} de cette station",
        "{id}, Nummer {number} dieser Station",
    ),
    "validator claimed": (
        "{who}, as claimed here; an acceptance is signed apart",
        "{who}, selon déclaration\u00a0; l\u2019acceptation est signée séparément",
        "{who}, nach Angabe; eine Abnahme wird gesondert signiert",
    ),
    "verify text": (
        (
            "This document is sealed and carries its evidence: record.json, signed in record.json.p7s. The root certificate root.pem "
            "comes from the issuer, not with this document. A PDF reader must say that the whole document is signed and unchanged."
        ),
        (
            "Ce document est scellé et contient ses preuves\u00a0: record.json, signé dans record.json.p7s. Le certificat racine root.pem "
            "est remis par l\u2019émetteur, et non avec ce document. Un lecteur PDF doit indiquer que tout le document est signé et inchangé."
        ),
        (
            "Dieses Dokument ist versiegelt und enthält seine Nachweise: record.json, signiert in record.json.p7s. Das Wurzelzertifikat "
            "root.pem kommt vom Aussteller und nicht mit diesem Dokument. Ein PDF-Programm muss melden, dass das ganze Dokument "
            "signiert und unverändert ist."
        ),
    ),
    "verify final text": (
        (
            "This document is sealed by the registry and carries its evidence: record.json, its signature record.json.p7s, the time stamp "
            "of that, and the proof that it stands in the log. The root certificate root.pem and the log\u2019s key log.vkey come from the "
            "issuer, not with this document. A PDF reader must say that the whole document is signed and unchanged."
        ),
        (
            "Ce document est scellé par le registre et contient ses preuves\u00a0: record.json, sa signature record.json.p7s, l\u2019horodatage "
            "de celle-ci et la preuve de son inscription au journal. Le certificat racine root.pem et la clé du journal log.vkey sont remis "
            "par l\u2019émetteur, et non avec ce document. Un lecteur PDF doit indiquer que tout le document est signé et inchangé."
        ),
        (
            "Dieses Dokument ist vom Register versiegelt und enthält seine Nachweise: record.json, dessen Signatur record.json.p7s, deren "
            "Zeitstempel und den Nachweis, dass es im Log steht. Das Wurzelzertifikat root.pem und der Schlüssel des Logs log.vkey kommen "
            "vom Aussteller und nicht mit diesem Dokument. Ein PDF-Programm muss melden, dass das ganze Dokument signiert und "
            "unverändert ist."
        ),
    ),
}

_MEDIUM: dict[str, Three] = {
    "medium of": ("Medium {number} of {total}", "Support {number} sur {total}", "Datenträger {number} von {total}"),
    "belongs to": (
        "Page of the document {id}; found in {machine}, serial number {serial}.",
        "Page du document {id}\u00a0; support trouvé dans {machine}, numéro de série {serial}.",
        "Seite des Dokuments {id}; gefunden in {machine}, Seriennummer {serial}.",
    ),
    "medium caution": (
        "This medium is not certified as sanitized.",
        "Ce support n\u2019est pas certifié effacé.",
        "Dieser Datenträger ist nicht als gelöscht zertifiziert.",
    ),
    "bay": ("bay {bay}", "baie {bay}", "Schacht {bay}"),
    "soldered": ("soldered", "soudé", "fest eingelötet"),
    "removable": ("removable", "amovible", "wechselbar"),
    "rotation": ("{rpm} rpm", "{rpm} tr/min", "{rpm} U/min"),
    "bytes": ("{capacity} ({bytes})", "{capacity} ({bytes})", "{capacity} ({bytes})"),
    "sector sizes": (
        "{logical} logical, {physical} physical",
        "{logical} logiques, {physical} physiques",
        "{logical} logisch, {physical} physisch",
    ),
    "operational": ("operational", "opérationnel", "funktionsfähig"),
    "damaged": ("damaged", "endommagé", "beschädigt"),
    "not assessed": ("not assessed", "non évalué", "nicht beurteilt"),
    "by itself": (
        "{technique}, by the drive itself",
        "{technique}, par le support lui-même",
        "{technique}, durch das Laufwerk selbst",
    ),
    "pass set": (
        "{technique}, pass set {name}",
        "{technique}, jeu de passes {name}",
        "{technique}, Durchgangsfolge {name}",
    ),
    "nist": ("{level} (NIST SP 800-88r2)",) * 3,
    "paused words": ("{took} ({reasons})", "{took} ({reasons})", "{took} ({reasons})"),
    "charged": ("{percent} charged", "chargée à {percent}", "zu {percent} geladen"),
    "power words": (
        "at the start: {start}; at the end: {end}",
        "au début\u00a0: {start}\u00a0; à la fin\u00a0: {end}",
        "zu Beginn: {start}; am Ende: {end}",
    ),
    "same medium": (
        "the same medium before the first write and after the last read",
        "le même support avant la première écriture et après la dernière lecture",
        "derselbe Datenträger vor dem ersten Schreiben und nach dem letzten Lesen",
    ),
    "not same medium": (
        "not confirmed before the first write and after the last read",
        "non confirmée avant la première écriture et après la dernière lecture",
        "vor dem ersten Schreiben und nach dem letzten Lesen nicht bestätigt",
    ),
    "resumed words": (
        "after the interruption told in record {id}",
        "après l\u2019interruption décrite dans l\u2019enregistrement {id}",
        "nach der Unterbrechung, von der Datensatz {id} berichtet",
    ),
    "random": ("random ({generator})", "aléatoire ({generator})", "zufällig ({generator})"),
    "repeated": ("pattern 0x{hex}", "motif 0x{hex}", "Muster 0x{hex}"),
    "carried over": (
        "of which {bytes} before the interruption",
        "dont {bytes} avant l\u2019interruption",
        "davon {bytes} vor der Unterbrechung",
    ),
    "buffered": ("not past the cache", "sans contourner le cache", "nicht am Zwischenspeicher vorbei"),
    "of medium": ("{percent} of the medium", "{percent} du support", "{percent} des Datenträgers"),
    "markers only": (
        "markers on {percent} of the medium only: after it, the medium may hold anything",
        "marqueurs sur {percent} du support seulement\u00a0: ensuite, le support peut contenir n\u2019importe quoi",
        "Marken nur auf {percent} des Datenträgers: Danach darf auf ihm irgendetwas stehen",
    ),
    "coverage markers": ("{percent} (markers)", "{percent} (marqueurs)", "{percent} (Marken)"),
    "marker words": (
        "{planted} sectors planted, {confirmed} read back before, {changed} different afterwards, {unreadable} unreadable",
        "{planted} secteurs posés, {confirmed} relus avant, {changed} différents après, {unreadable} illisibles",
        "{planted} Sektoren gesetzt, {confirmed} davor rückgelesen, {changed} danach verändert, {unreadable} nicht lesbar",
    ),
    "check words": (
        "{kind}: {expected} expected, {read} read, {same} as expected, in {took}",
        "{kind}\u00a0: {expected} attendus, {read} lus, {same} conformes, en {took}",
        "{kind}: {expected} erwartet, {read} gelesen, {same} wie erwartet, in {took}",
    ),
    "erased words": (
        "{kind}: {expected} expected, {read} read, {same} erased (found: {values}), in {took}",
        "{kind}\u00a0: {expected} attendus, {read} lus, {same} effacés (trouvé\u00a0: {values}), en {took}",
        "{kind}: {expected} erwartet, {read} gelesen, {same} gelöscht (gefunden: {values}), in {took}",
    ),
    "exit code": ("exit {code}", "code {code}", "Code {code}"),
    "stopped": ("had to be stopped", "a dû être arrêté", "musste angehalten werden"),
    "more": (
        "{count} more: see the record",
        "{count} de plus\u00a0: voir l\u2019enregistrement",
        "{count} weitere: siehe Datensatz",
    ),
    "attempt words": (
        "{technique}: {outcome}, in {took}",
        "{technique}\u00a0: {outcome}, en {took}",
        "{technique}: {outcome}, in {took}",
    ),
    "step words": (
        "{kind} ({hidden}): {outcome}",
        "{kind} ({hidden})\u00a0: {outcome}",
        "{kind} ({hidden}): {outcome}",
    ),
    "step plain": (
        "{kind}: {outcome}; no level is claimed for it",
        "{kind}\u00a0: {outcome}\u00a0; aucun niveau n\u2019en est déduit",
        "{kind}: {outcome}; daraus wird keine Stufe abgeleitet",
    ),
    "sectors hidden": (
        "{count} sectors hidden before",
        "{count} secteurs cachés avant",
        "{count} Sektoren zuvor versteckt",
    ),
    "sectors unknown": (
        "an unknown number of sectors hidden before",
        "nombre de secteurs cachés inconnu",
        "Zahl der versteckten Sektoren unbekannt",
    ),
    "sector counts": (
        "{state}; {accessible} of {native} sectors accessible",
        "{state}\u00a0; {accessible} secteurs accessibles sur {native}",
        "{state}; {accessible} von {native} Sektoren zugänglich",
    ),
    "not asked again": ("not asked again", "pas de nouvel examen", "nicht erneut abgefragt"),
    "not read": ("not read", "non relevé", "nicht ausgelesen"),
    "passed": ("passed", "réussie", "bestanden"),
    "not passed": ("failing", "défaillante", "ausfallend"),
    "celsius words": ("{degrees}\u00a0°C",) * 3,
}

_PROBLEMS: dict[str, Three] = {
    "write errors": (
        "pass {number}: {count} write errors",
        "passe {number}\u00a0: {count} erreurs d\u2019écriture",
        "Durchgang {number}: {count} Schreibfehler",
    ),
    "first at": (", the first at LBA {lba}", ", la première au LBA {lba}", ", der erste bei LBA {lba}"),
    "different": (
        "{count} sectors read back different",
        "{count} secteurs relus différents",
        "{count} Sektoren anders rückgelesen",
    ),
    "first sector": (", the first at LBA {lba}", ", le premier au LBA {lba}", ", der erste bei LBA {lba}"),
    "unreadable": (
        "{count} sectors can\u2019t be read back: LBA {ranges}",
        "{count} secteurs ne peuvent être relus\u00a0: LBA {ranges}",
        "{count} Sektoren nicht rücklesbar: LBA {ranges}",
    ),
    "something else": (
        "{count} sectors hold something else than an erased medium",
        "{count} secteurs contiennent autre chose qu\u2019un support effacé",
        "{count} Sektoren enthalten anderes als ein gelöschter Datenträger",
    ),
    "with detail": ("{what} ({detail})",) * 3,
    "with reason": ("{what}: {reason}", "{what}\u00a0: {reason}", "{what}: {reason}"),
}

SENTENCES: Mapping[str, Three] = MappingProxyType({**_HEAD, **_ISSUED, **_MEDIUM, **_PROBLEMS})
