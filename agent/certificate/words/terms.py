"""Words for the values of a record: by enumeration, then by the value, in English, French and German."""

from collections.abc import Mapping
from types import MappingProxyType

Three = tuple[str, str, str]

_RESULT: dict[str, dict[str, Three]] = {
    # Headline and outcomes are fixed by DESIGN section 6; their translations are fixed here.
    "Headline": {
        "SANITIZED": ("SANITIZED", "EFFACÉ", "GELÖSCHT"),
        "INCOMPLETE": ("INCOMPLETE", "INCOMPLET", "UNVOLLSTÄNDIG"),
        "NO MEDIUM FOUND": ("NO MEDIUM FOUND", "AUCUN SUPPORT TROUVÉ", "KEIN DATENTRÄGER GEFUNDEN"),
    },
    "Outcome": {
        "sanitized": ("sanitized", "effacé", "gelöscht"),
        "sanitized with exceptions": (
            "sanitized with exceptions",
            "effacé avec exceptions",
            "gelöscht mit Ausnahmen",
        ),
        "failed": ("failed", "échec", "fehlgeschlagen"),
        "interrupted": ("interrupted", "interrompu", "unterbrochen"),
        "unknown": ("unknown", "indéterminé", "ungeklärt"),
        "refused": ("refused", "refusé", "abgelehnt"),
        "not selected": ("not selected", "non sélectionné", "nicht ausgewählt"),
    },
    "DocumentKind": {
        "certificate": ("Certificate of Sanitization", "Certificat d\u2019effacement", "Löschzertifikat"),
        "partial certificate": (
            "Partial Certificate of Sanitization",
            "Certificat partiel d\u2019effacement",
            "Teil-Löschzertifikat",
        ),
        "record": ("Sanitization Record", "Procès-verbal d\u2019intervention", "Löschprotokoll"),
    },
    "SessionEnd": {
        "completed": ("completed", "menée à son terme", "abgeschlossen"),
        "cancelled": ("cancelled by the operator", "annulée par l\u2019opérateur", "vom Bediener abgebrochen"),
        "interrupted": ("interrupted", "interrompue", "unterbrochen"),
    },
    "Environment": {
        "live-image": ("live image", "système autonome", "Live-System"),
        "host": ("host: an installed system", "système installé (host)", "installiertes System (host)"),
        "simulated": ("simulated", "simulé", "simuliert"),
    },
    "Method": {"none": ("none", "aucun", "keine"), "clear": ("Clear",) * 3, "purge": ("Purge",) * 3},
    "VerificationKind": {
        "full": ("full", "intégrale", "vollständig"),
        "sampled": ("sampled", "par échantillons", "stichprobenweise"),
    },
    "Destination": {
        "internal reuse": ("internal reuse", "réemploi interne", "interne Wiederverwendung"),
        "external reuse": ("external reuse", "réemploi externe", "externe Wiederverwendung"),
        "recycling": ("recycling", "recyclage", "Recycling"),
        "manufacturer": ("return to the manufacturer", "retour au fabricant", "Rückgabe an den Hersteller"),
        "other": ("other", "autre", "anderer Verbleib"),
    },
}

_TECHNIQUES: dict[str, Three] = {
    "overwrite": ("overwrite", "écrasement", "Überschreiben"),
    "ata sanitize overwrite": (
        "ATA Sanitize, overwrite",
        "ATA Sanitize, écrasement",
        "ATA Sanitize, Überschreiben",
    ),
    "ata sanitize block erase": (
        "ATA Sanitize, block erase",
        "ATA Sanitize, effacement des blocs",
        "ATA Sanitize, Blocklöschung",
    ),
    "ata sanitize crypto scramble": (
        "ATA Sanitize, crypto scramble",
        "ATA Sanitize, renouvellement de la clé",
        "ATA Sanitize, Schlüsselwechsel",
    ),
    "ata security erase enhanced": (
        "ATA Security Erase, enhanced",
        "ATA Security Erase, mode étendu",
        "ATA Security Erase, erweitert",
    ),
    "ata security erase": ("ATA Security Erase",) * 3,
    "nvme sanitize block erase": (
        "NVMe Sanitize, block erase",
        "NVMe Sanitize, effacement des blocs",
        "NVMe Sanitize, Blocklöschung",
    ),
    "nvme sanitize overwrite": (
        "NVMe Sanitize, overwrite",
        "NVMe Sanitize, écrasement",
        "NVMe Sanitize, Überschreiben",
    ),
    "nvme sanitize crypto erase": (
        "NVMe Sanitize, crypto erase",
        "NVMe Sanitize, renouvellement de la clé",
        "NVMe Sanitize, Schlüsselwechsel",
    ),
    "nvme format user data erase": (
        "NVMe Format, user data erase",
        "NVMe Format, effacement des données",
        "NVMe Format, Löschung der Nutzdaten",
    ),
    "nvme format crypto erase": (
        "NVMe Format, crypto erase",
        "NVMe Format, renouvellement de la clé",
        "NVMe Format, Schlüsselwechsel",
    ),
    "scsi sanitize block erase": (
        "SCSI Sanitize, block erase",
        "SCSI Sanitize, effacement des blocs",
        "SCSI Sanitize, Blocklöschung",
    ),
    "scsi sanitize overwrite": (
        "SCSI Sanitize, overwrite",
        "SCSI Sanitize, écrasement",
        "SCSI Sanitize, Überschreiben",
    ),
    "scsi sanitize cryptographic erase": (
        "SCSI Sanitize, cryptographic erase",
        "SCSI Sanitize, renouvellement de la clé",
        "SCSI Sanitize, Schlüsselwechsel",
    ),
    "mmc erase and sanitize": ("MMC Erase + Sanitize",) * 3,
    "mmc secure erase": ("MMC Secure Erase",) * 3,
    "opal psid revert": ("Opal PSID Revert",) * 3,
}

_FOUND: dict[str, dict[str, Three]] = {
    "MediaType": {
        "magnetic hard disk drive": ("magnetic hard disk drive", "disque dur magnétique", "magnetische Festplatte"),
        "solid-state drive": ("solid-state drive", "disque SSD", "Solid-State-Laufwerk (SSD)"),
        "embedded flash (eMMC, UFS)": (
            "embedded flash (eMMC, UFS)",
            "mémoire flash soudée (eMMC, UFS)",
            "eingebauter Flash-Speicher (eMMC, UFS)",
        ),
        "removable flash": ("removable flash", "mémoire flash amovible", "wechselbarer Flash-Speicher"),
        "virtual disk": ("virtual disk", "disque virtuel", "virtueller Datenträger"),
        "unknown": ("unknown type", "type inconnu", "unbekannte Art"),
    },
    "Bus": {
        **{name: (name,) * 3 for name in ("NVMe", "SATA", "PATA", "SAS", "SCSI", "USB", "MMC", "virtio", "loop")},
        "unknown": ("unknown bus", "bus inconnu", "unbekannter Anschluss"),
    },
    "SerialSource": {
        "device": ("as the medium itself says", "lu sur le support lui-même", "vom Datenträger selbst gemeldet"),
        "bridge": (
            "as the USB bridge says, not the medium",
            "lu sur le pont USB, pas sur le support",
            "von der USB-Brücke gemeldet, nicht vom Datenträger",
        ),
        "none": ("the medium says none", "le support n\u2019en donne pas", "der Datenträger meldet keine"),
    },
    "ExclusionReason": {
        "boot medium": ("boot medium", "support de démarrage", "Startmedium"),
        "mounted": ("mounted", "monté", "eingehängt"),
        "swap in use": ("swap in use", "espace d\u2019échange utilisé", "als Auslagerungsspeicher benutzt"),
        "held by LVM": ("held by LVM", "utilisé par LVM", "von LVM belegt"),
        "held by software RAID": (
            "held by software RAID",
            "utilisé par un RAID logiciel",
            "von Software-RAID belegt",
        ),
        "held by an open encrypted volume": (
            "held by an open encrypted volume",
            "utilisé par un volume chiffré ouvert",
            "von einem offenen verschlüsselten Laufwerk belegt",
        ),
        "held by another device": (
            "held by another device",
            "utilisé par un autre périphérique",
            "von einem anderen Gerät belegt",
        ),
        "read-only": ("read-only", "en lecture seule", "schreibgeschützt"),
        "zero size": ("zero size", "taille nulle", "Größe null"),
        "removable": ("removable", "amovible", "wechselbar"),
        "not in this machine (network disk)": (
            "not in this machine (network disk)",
            "hors de cette machine (disque réseau)",
            "nicht in diesem Gerät (Netzlaufwerk)",
        ),
        "virtual disk of a RAID controller": (
            "virtual disk of a RAID controller",
            "disque virtuel d\u2019un contrôleur RAID",
            "virtueller Datenträger eines RAID-Controllers",
        ),
        "identity unreadable": ("identity unreadable", "identité illisible", "Identität nicht lesbar"),
        "no longer answering": ("no longer answering", "ne répond plus", "antwortet nicht mehr"),
    },
    "HiddenAreaState": {
        "not applicable": (
            "not applicable to this kind of medium",
            "sans objet pour ce type de support",
            "bei dieser Art von Datenträger nicht vorhanden",
        ),
        "none found": (
            "none found (HPA, DCO, AMA)",
            "aucune trouvée (HPA, DCO, AMA)",
            "keine gefunden (HPA, DCO, AMA)",
        ),
        "present": ("present, and not reached", "présentes et non atteintes", "vorhanden und nicht erreicht"),
        "not examined": ("not examined", "non examinées", "nicht untersucht"),
    },
    "PowerSource": {
        "mains": ("mains", "secteur", "Netz"),
        "battery": ("battery", "batterie", "Akku"),
        "no battery found": ("no battery found", "aucune batterie trouvée", "kein Akku gefunden"),
        "not told": ("not told", "non communiqué", "nicht gemeldet"),
    },
    "PauseReason": {
        "operator": ("operator", "opérateur", "Bediener"),
        "temperature": ("temperature", "température", "Temperatur"),
    },
    "Verdict": {
        "OK": ("OK", "OK", "OK"),
        "OLD": ("OLD", "ÂGÉ", "ALT"),
        "SUSPECT": ("SUSPECT", "SUSPECT", "VERDÄCHTIG"),
        "FAIL": ("FAIL", "DÉFAILLANT", "DEFEKT"),
        "UNKNOWN": ("UNKNOWN", "INCONNU", "UNBEKANNT"),
    },
    "SelfTestState": {
        "never run": ("never run", "jamais lancé", "nie ausgeführt"),
        "running": ("running", "en cours", "läuft"),
        "passed": ("passed", "réussi", "bestanden"),
        "failed": ("failed", "échoué", "fehlgeschlagen"),
        "aborted": ("aborted", "abandonné", "abgebrochen"),
        "unknown": ("unknown", "inconnu", "unbekannt"),
    },
}

_ERASE: dict[str, dict[str, Three]] = {
    "CommandState": {
        "never started": ("never started", "jamais lancé", "nie gestartet"),
        "running": ("running", "en cours", "läuft"),
        "completed": ("completed", "terminé", "abgeschlossen"),
        "failed": ("failed", "échoué", "fehlgeschlagen"),
        "not told": ("not told", "non communiqué", "nicht gemeldet"),
    },
    "CommandOutcome": {
        "done": ("done", "exécuté", "ausgeführt"),
        "nothing running": (
            "not carried out, nothing running",
            "non exécuté, rien en cours",
            "nicht ausgeführt, nichts läuft",
        ),
        "started but not confirmable": (
            "started but not confirmable",
            "lancé, achèvement non confirmable",
            "gestartet, Abschluss nicht bestätigbar",
        ),
    },
    "PreparationKind": {
        "hidden areas given back": (
            "hidden areas given back",
            "zones cachées rendues",
            "versteckte Bereiche freigegeben",
        ),
        "opal psid revert": ("Opal PSID revert", "Opal PSID Revert", "Opal PSID Revert"),
    },
    "PreparationOutcome": {
        "begun": ("begun", "commencé", "begonnen"),
        "done": ("done", "exécuté", "ausgeführt"),
        "refused by the drive": ("refused by the drive", "refusé par le support", "vom Datenträger abgelehnt"),
        "not done": ("not done", "non exécuté", "nicht ausgeführt"),
        "not known": ("not known", "inconnu", "nicht bekannt"),
    },
    # Values that stand inside sentences of the record (phrases.py); anything else is left as it is.
    "Inner": {
        "Clear": ("Clear",) * 3,
        "Purge": ("Purge",) * 3,
        "no level": ("no level", "aucun niveau", "keine Stufe"),
        " (until the drive loses power or sleeps)": (
            " (until the drive loses power or sleeps)",
            " (jusqu\u2019à ce que le support soit privé de courant ou dorme)",
            " (bis das Laufwerk stromlos wird oder schläft)",
        ),
        " (until the drive loses power)": (
            " (until the drive loses power)",
            " (jusqu\u2019à ce que le support soit privé de courant)",
            " (bis das Laufwerk stromlos wird)",
        ),
        " (a password must be given first)": (
            " (a password must be given first)",
            " (un mot de passe doit d\u2019abord être donné)",
            " (zuerst muss ein Passwort gegeben werden)",
        ),
        **_TECHNIQUES,
    },
}

TERMS: Mapping[str, Mapping[str, Three]] = MappingProxyType(
    {**_RESULT, "Technique": _TECHNIQUES, **_FOUND, **_ERASE}
)

MONTHS: tuple[Three, ...] = (
    ("January", "janvier", "Januar"),
    ("February", "février", "Februar"),
    ("March", "mars", "März"),
    ("April", "avril", "April"),
    ("May", "mai", "Mai"),
    ("June", "juin", "Juni"),
    ("July", "juillet", "Juli"),
    ("August", "août", "August"),
    ("September", "septembre", "September"),
    ("October", "octobre", "Oktober"),
    ("November", "novembre", "November"),
    ("December", "décembre", "Dezember"),
)
