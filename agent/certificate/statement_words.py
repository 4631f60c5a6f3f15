"""The words of lots, receipts, destruction records and labels, in the three languages of a document.

One entry holds all three, so that none can be forgotten. What is signed keeps its English words; these only show it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from agent.model.language import Language

_ORDER = (Language.ENGLISH, Language.FRENCH, Language.GERMAN)

_VERIFY_ENGLISH = (
    "This document is sealed, and carries what was signed: {name}, with its signature. The root certificate root.pem comes "
    "from the issuer, not with this document. A PDF reader must say that the whole document is signed and unchanged."
)
_VERIFY_FRENCH = (
    "Ce document est scellé et contient ce qui a été signé\u00a0: {name}, avec sa signature. Le certificat racine root.pem "
    "vient de l\u2019émetteur, pas avec ce document. Un lecteur PDF doit dire que tout le document est signé et inchangé."
)
_VERIFY_GERMAN = (
    "Dieses Dokument ist versiegelt und enthält, was signiert wurde: {name} mit seiner Signatur. Das Wurzelzertifikat "
    "root.pem kommt vom Aussteller, nicht mit diesem Dokument. Ein PDF-Leser muss sagen, dass das ganze Dokument signiert "
    "und unverändert ist."
)

_COMMON = {
    "not stated": ("not stated", "non indiqué", "nicht angegeben"),
    "yes": ("yes", "oui", "ja"),
    "no": ("no", "non", "nein"),
    "none": ("none", "aucun", "keine"),
    "specimen note": (
        "SPECIMEN: signed under a throw-away TEST root, proves nothing",
        "SPÉCIMEN\u00a0: signé sous une racine jetable TEST, ne prouve rien",
        "MUSTER: unter einer TEST-Wurzel zum Wegwerfen signiert, beweist nichts",
    ),
    "specimen": ("SPECIMEN", "SPÉCIMEN", "MUSTER"),
    "issued by": ("Issued by", "Établi par", "Ausgestellt von"),
    "station": ("Station", "Station", "Station"),
    "issued at": ("Issued", "Établi le", "Ausgestellt am"),
    "as claimed": (
        "{moment} UTC, as the station\u2019s clock claims",
        "{moment} UTC, selon l\u2019horloge de la station",
        "{moment} UTC, nach der Uhr der Station",
    ),
    "document number": ("Number", "Numéro", "Nummer"),
    "how to verify": ("How to verify", "Comment vérifier", "So wird geprüft"),
    "verify text": (_VERIFY_ENGLISH, _VERIFY_FRENCH, _VERIFY_GERMAN),
    "sha256 of": ("SHA-256 of {name}", "SHA-256 de {name}", "SHA-256 von {name}"),
    "page": ("Page {number} of {total}", "Page {number} sur {total}", "Seite {number} von {total}"),
    "machine": ("Machine", "Machine", "Gerät"),
    "model": ("Model", "Modèle", "Modell"),
    "serial": ("Serial number", "Numéro de série", "Seriennummer"),
    "asset tag": ("Property number", "Numéro d\u2019inventaire", "Inventarnummer"),
    "manufacturer": ("Manufacturer", "Fabricant", "Hersteller"),
    "no.": ("No.", "N°", "Nr."),
    "lot": ("Lot", "Lot", "Los"),
    "donor": ("Donor\u2019s reference", "Référence du donateur", "Kennzeichen der Spende"),
    "place": ("Place", "Lieu", "Ort"),
    "remark": ("Remark", "Remarque", "Bemerkung"),
    "operator": ("Operator", "Opérateur", "Ausführende Person"),
    "ids only": (
        "Persons are named by opaque ids; the organisation keeps their names.",
        "Les personnes sont désignées par des identifiants\u00a0; l\u2019organisation conserve leurs noms.",
        "Personen stehen hier nur mit Kennungen; die Organisation bewahrt ihre Namen auf.",
    ),
    "unnamed": ("Unnamed", "Sans nom", "Ohne Namen"),
}

_HEADLINES = {
    "ACCOUNTED FOR": ("ACCOUNTED FOR", "TOUT EST JUSTIFIÉ", "ALLES NACHGEWIESEN"),
}

_LOT = {
    "lot title": ("Lot Summary", "Bordereau de lot", "Losübersicht"),
    "lot sanitized": (
        "Every storage medium found in every machine of this lot was sanitized.",
        "Chaque support de données trouvé dans chaque machine de ce lot a été effacé.",
        "Jeder Datenträger, der in den Geräten dieses Loses gefunden wurde, ist gelöscht.",
    ),
    "lot accounted for": (
        "Every storage medium found was sanitized or destroyed; the exceptions say what must be known.",
        "Chaque support trouvé a été effacé ou détruit\u00a0; les exceptions disent ce qu\u2019il faut savoir.",
        "Jeder gefundene Datenträger ist gelöscht oder vernichtet; die Ausnahmen sagen, was man wissen muss.",
    ),
    "lot incomplete": (
        "Not everything in this lot is sanitized: the exceptions say what is open.",
        "Tout n\u2019est pas effacé dans ce lot\u00a0: les exceptions disent ce qui reste ouvert.",
        "In diesem Los ist nicht alles gelöscht: Die Ausnahmen sagen, was offen ist.",
    ),
    "lot empty": (
        "This lot holds no record: nothing is proven.",
        "Ce lot ne contient aucun procès-verbal\u00a0: rien n\u2019est prouvé.",
        "Dieses Los enthält kein Protokoll: Nichts ist bewiesen.",
    ),
    "no intake": (
        "There is no intake receipt: whether a machine is missing can\u2019t be told.",
        "Il n\u2019y a pas de reçu de prise en charge\u00a0: on ne peut pas dire si une machine manque.",
        "Es gibt keinen Annahmebeleg: Ob ein Gerät fehlt, lässt sich nicht sagen.",
    ),
    "totals": ("Totals", "Totaux", "Summen"),
    "announced": ("Machines announced", "Machines annoncées", "Angekündigte Geräte"),
    "machines": ("Machines with a record", "Machines avec procès-verbal", "Geräte mit Protokoll"),
    "machines sanitized": ("\u2013 sanitized", "\u2013 effacées", "\u2013 gelöscht"),
    "machines settled": (
        "\u2013 sanitized, a medium destroyed",
        "\u2013 effacées, un support détruit",
        "\u2013 gelöscht, ein Datenträger vernichtet",
    ),
    "machines without medium": ("\u2013 no drive found", "\u2013 sans support trouvé", "\u2013 ohne Datenträger"),
    "machines incomplete": ("\u2013 incomplete", "\u2013 incomplètes", "\u2013 unvollständig"),
    "machines missing": ("Machines missing", "Machines manquantes", "Fehlende Geräte"),
    "records": ("Records", "Procès-verbaux", "Protokolle"),
    "media": ("Storage media", "Supports de données", "Datenträger"),
    "media sanitized": ("\u2013 sanitized", "\u2013 effacés", "\u2013 gelöscht"),
    "media destroyed": ("\u2013 destroyed", "\u2013 détruits", "\u2013 vernichtet"),
    "media open": ("\u2013 open", "\u2013 ouverts", "\u2013 offen"),
    "accepted": ("Results accepted", "Résultats acceptés", "Angenommene Ergebnisse"),
    "exceptions": ("Exceptions", "Exceptions", "Ausnahmen"),
    "no exceptions": ("There are none.", "Il n\u2019y en a aucune.", "Es gibt keine."),
    "policy": ("What the lot asks for", "Ce que le lot exige", "Was für das Los gilt"),
    "level required": ("Level required", "Niveau exigé", "Verlangte Stufe"),
    "level words": ("{level} (NIST SP 800-88r2)", "{level} (NIST SP 800-88r2)", "{level} (NIST SP 800-88r2)"),
    "acceptance": ("Acceptance", "Validation", "Abnahme"),
    "acceptance required": (
        "each result must be accepted, {who}",
        "chaque résultat doit être validé, {who}",
        "jedes Ergebnis muss abgenommen werden, {who}",
    ),
    "acceptance optional": ("not asked for, {who}", "non exigée, {who}", "nicht verlangt, {who}"),
    "not by the operator": (
        "not by who erased it",
        "pas par la personne qui a effacé",
        "nicht von der Person, die gelöscht hat",
    ),
    "also by the operator": (
        "also by who erased it",
        "aussi par la personne qui a effacé",
        "auch von der Person, die gelöscht hat",
    ),
    "list": ("Machines", "Machines", "Geräte"),
    "result": ("Result", "Résultat", "Ergebnis"),
    "medium": ("Medium", "Support", "Datenträger"),
    "reason": ("Reason", "Motif", "Grund"),
    "record digest": ("SHA-256 of the record", "SHA-256 du PV", "SHA-256 des Protokolls"),
    "proof": ("Degree of proof", "Degré de preuve", "Beweisgrad"),
    "accepted by": ("accepted by {who}", "validé par {who}", "abgenommen von {who}"),
    "rejected by": ("rejected by {who}", "refusé par {who}", "zurückgewiesen von {who}"),
    "intake receipt": ("Intake receipt, SHA-256", "Prise en charge, SHA-256", "Annahmebeleg, SHA-256"),
    "destruction records": ("Destruction records", "PV de destruction", "Vernichtungsprotokolle"),
    "supersedes": ("Corrects lot, SHA-256", "Corrige le lot, SHA-256", "Berichtigt Los, SHA-256"),
}

_DEGREES = {
    "signed": ("signed", "signé", "signiert"),
    "timestamped": ("timestamped", "horodaté", "mit Zeitstempel"),
    "logged": ("logged", "journalisé", "im Transparenzlog"),
    "witnessed": ("witnessed", "attesté", "bezeugt"),
}

_EXCEPTIONS = {
    "not sanitized": ("not sanitized", "non effacé", "nicht gelöscht"),
    "level below the one required": (
        "level below the one required",
        "niveau inférieur au niveau exigé",
        "Stufe unter der verlangten",
    ),
    "part of the machine not reached": (
        "part of the machine not reached",
        "une partie de la machine non atteinte",
        "ein Teil des Geräts nicht erreicht",
    ),
    "missing": ("missing: no record", "manquante\u00a0: pas de procès-verbal", "fehlt: kein Protokoll"),
    "damaged only": ("damaged, not destroyed", "endommagé, pas détruit", "beschädigt, nicht vernichtet"),
    "rejected": ("result rejected", "résultat refusé", "Ergebnis zurückgewiesen"),
    "accepted by the operator": (
        "accepted by who erased it",
        "validé par la personne qui a effacé",
        "von der löschenden Person abgenommen",
    ),
    "not accepted yet": ("not accepted yet", "pas encore validé", "noch nicht abgenommen"),
    "destroyed": ("destroyed", "détruit", "vernichtet"),
    "no drive found": ("no drive found", "aucun support trouvé", "kein Datenträger gefunden"),
    "not announced": ("not announced", "non annoncée", "nicht angekündigt"),
    "replaced by a later record": (
        "replaced by a later record",
        "remplacé par un procès-verbal ultérieur",
        "durch ein späteres Protokoll ersetzt",
    ),
}

_INTAKE = {
    "intake title": ("Intake Receipt", "Reçu de prise en charge", "Annahmebeleg"),
    "intake headline": ("RECEIVED, NOT ERASED YET", "REÇU, PAS ENCORE EFFACÉ", "ANGENOMMEN, NOCH NICHT GELÖSCHT"),
    "intake statement": (
        "These machines were handed over. Their data has not been erased yet.",
        "Ces machines ont été remises. Leurs données n\u2019ont pas encore été effacées.",
        "Diese Geräte wurden übergeben. Ihre Daten sind noch nicht gelöscht.",
    ),
    "handing-over": ("Handing-over", "Remise", "Übergabe"),
    "source": ("Source", "Provenance", "Herkunft"),
    "handed over by": ("Handed over by", "Remis par", "Übergeben von"),
    "received by": ("Received by", "Reçu par", "Angenommen von"),
    "received on": ("Received on", "Reçu le", "Angenommen am"),
    "number of machines": ("Number of machines", "Nombre de machines", "Anzahl Geräte"),
    "kind": ("Kind", "Type", "Art"),
    "condition": ("Condition", "État", "Zustand"),
    "no machine": (
        "No machine is listed.",
        "Aucune machine n\u2019est indiquée.",
        "Es ist kein Gerät aufgeführt.",
    ),
}

_DESTRUCTION = {
    "destruction title": ("Destruction Record", "Procès-verbal de destruction", "Vernichtungsprotokoll"),
    "destroy": ("DESTROYED", "DÉTRUIT", "VERNICHTET"),
    "damaged": ("DAMAGED, NOT DESTROYED", "ENDOMMAGÉ, PAS DÉTRUIT", "BESCHÄDIGT, NICHT VERNICHTET"),
    "destroy statement": (
        "This storage medium was destroyed.",
        "Ce support de données a été détruit.",
        "Dieser Datenträger wurde vernichtet.",
    ),
    "damaged statement": (
        "This storage medium was damaged. Its data may still be readable in a laboratory.",
        "Ce support de données a été endommagé. Ses données peuvent rester lisibles en laboratoire.",
        "Dieser Datenträger wurde beschädigt. Seine Daten können im Labor noch lesbar sein.",
    ),
    "damaged notice": (
        "A hole, a cut or a bend is not Destroy (NIST SP 800-88).",
        "Un trou, une coupe ou un pli n\u2019est pas Destroy (NIST SP 800-88).",
        "Ein Loch, ein Schnitt oder ein Knick ist nicht Destroy (NIST SP 800-88).",
    ),
    "storage medium": ("Storage medium", "Support de données", "Datenträger"),
    "type": ("Type", "Type", "Art"),
    "capacity": ("Capacity", "Capacité", "Kapazität"),
    "from machine": ("From the machine", "De la machine", "Aus dem Gerät"),
    "from record": ("After the record", "Après le procès-verbal", "Nach dem Protokoll"),
    "by hand": (
        "none: entered by hand, from the label",
        "aucun\u00a0: saisi à la main, d\u2019après l\u2019étiquette",
        "keines: von Hand erfasst, nach dem Etikett",
    ),
    "destruction": ("Destruction", "Destruction", "Vernichtung"),
    "method": ("Method", "Méthode", "Methode"),
    "destroy method": (
        "Destroy (NIST SP 800-88r2)",
        "Destroy (NIST SP 800-88r2)",
        "Destroy (NIST SP 800-88r2)",
    ),
    "no method": (
        "none: less than Destroy (NIST SP 800-88r2)",
        "aucune\u00a0: moins que Destroy (NIST SP 800-88r2)",
        "keine: weniger als Destroy (NIST SP 800-88r2)",
    ),
    "technique": ("Technique", "Technique", "Verfahren"),
    "shred": ("shredded", "déchiqueté", "geschreddert"),
    "disintegrate": ("disintegrated", "désintégré", "zerlegt"),
    "pulverize": ("pulverized", "pulvérisé", "pulverisiert"),
    "melt": ("melted", "fondu", "eingeschmolzen"),
    "incinerate": ("incinerated", "incinéré", "verbrannt"),
    "drill": ("drilled", "percé", "durchbohrt"),
    "cut": ("cut", "coupé", "zerschnitten"),
    "bend": ("bent", "plié", "verbogen"),
    "particles": (
        "{words}, particles of {size} mm at most",
        "{words}, particules de {size} mm au plus",
        "{words}, Teile von höchstens {size} mm",
    ),
    "tool": ("Tool", "Outil", "Werkzeug"),
    "date": ("Date", "Date", "Datum"),
    "witness": ("Witness", "Témoin", "Zeuge oder Zeugin"),
    "photos": ("SHA-256 of the photographs", "SHA-256 des photos", "SHA-256 der Fotos"),
}

_LABEL = {
    "label scan": (
        "Signed: check it offline with ardoise",
        "Signé\u00a0: vérifiable hors ligne avec ardoise",
        "Signiert: offline prüfbar mit ardoise",
    ),
    "label media": (
        "Media sanitized: {done} of {total}",
        "Supports effacés\u00a0: {done} sur {total}",
        "Datenträger gelöscht: {done} von {total}",
    ),
    "label serial": ("S/N", "N° de série", "S/N"),
    "label tag": ("Tag", "Inventaire", "Inventar"),
    "label no date": ("no date: clock wrong", "sans date\u00a0: horloge fausse", "ohne Datum: Uhr falsch"),
    "label title": ("Label", "Étiquette", "Etikett"),
}

WORDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {**_COMMON, **_HEADLINES, **_LOT, **_DEGREES, **_EXCEPTIONS, **_INTAKE, **_DESTRUCTION, **_LABEL}
)


def say(language: Language, key: str, **values: object) -> str:
    """One text in a document's language."""
    return WORDS[key][_ORDER.index(language)].format(**values)
