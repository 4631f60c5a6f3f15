"""Sentences that the program writes into records in English, with their French and German.

The first column is a regular expression of the whole sentence; its groups are put into the others by their number. What
is not here stands on the page in quotation marks as it was recorded. The first that fits is taken.
"""

from agent.certificate.words.drive_phrases import CHOICES, OBSTACLES, OWN_ERASES, REMARKS, TRANSIENT
from agent.certificate.words.health_phrases import HEALTH

_LBA = r"(\d+)"
_NAME = r"(.+)"

_NOT_COVERED = (
    (
        "spare and remapped blocks that the host cannot address",
        "les blocs de réserve et réalloués, que l\u2019hôte ne peut adresser",
        "Reserve- und Ersatzblöcke, die der Rechner nicht adressieren kann",
    ),
    (
        "over-provisioned and retired blocks of the flash, which the host can't address",
        "les blocs de réserve et retirés de la mémoire flash, que l\u2019hôte ne peut adresser",
        "Reserveblöcke und ausgemusterte Blöcke des Flash-Speichers, die der Rechner nicht adressieren kann",
    ),
    (
        "sectors that the drive has reallocated, which the host can't address",
        "les secteurs que le disque a réalloués, que l\u2019hôte ne peut adresser",
        "vom Laufwerk ersetzte Sektoren, die der Rechner nicht adressieren kann",
    ),
    (
        "reallocated sectors or over-provisioned flash, which the host can't address",
        "les secteurs réalloués ou la réserve de mémoire flash, que l\u2019hôte ne peut adresser",
        "ersetzte Sektoren oder Flash-Reserve, die der Rechner nicht adressieren kann",
    ),
    (
        "copies and snapshots that the storage below this virtual disk keeps",
        "les copies et instantanés conservés par le stockage sous ce disque virtuel",
        "Kopien und Schnappschüsse, die der Speicher unter diesem virtuellen Datenträger aufbewahrt",
    ),
    (
        r"hidden areas \(HPA, DCO, AMA\): not examined",
        "les zones cachées (HPA, DCO, AMA)\u00a0: non examinées",
        "versteckte Bereiche (HPA, DCO, AMA): nicht untersucht",
    ),
)

_FAILURES = (
    (f"write error at LBA {_LBA}", "erreur d\u2019écriture au LBA {0}", "Schreibfehler bei LBA {0}"),
    ("not selected by the operator", "non sélectionné par l\u2019opérateur", "vom Bediener nicht ausgewählt"),
    (
        "the session ended before this medium was begun",
        "la session a pris fin avant que ce support soit commencé",
        "die Sitzung endete, bevor dieser Datenträger begonnen wurde",
    ),
    (
        f"stopped while the drive did not answer: {_NAME}",
        "arrêté alors que le support ne répondait pas\u00a0: {0}",
        "angehalten, während das Laufwerk nicht antwortete: {0}",
    ),
    (
        r"the program ended unexpectedly (.+)",
        "le programme s\u2019est arrêté de façon inattendue ({0})",
        "das Programm endete unerwartet ({0})",
    ),
    (
        "not every byte was written in every pass",
        "tous les octets n\u2019ont pas été écrits à chaque passe",
        "nicht in jedem Durchgang wurde jedes Byte geschrieben",
    ),
    (
        "not every byte was read back",
        "tous les octets n\u2019ont pas été relus",
        "nicht jedes Byte wurde rückgelesen",
    ),
    (
        "not every pass was made",
        "toutes les passes n\u2019ont pas été faites",
        "nicht alle Durchgänge wurden ausgeführt",
    ),
    (
        "not every sector could be written",
        "tous les secteurs n\u2019ont pas pu être écrits",
        "nicht jeder Sektor ließ sich beschreiben",
    ),
    ("not read back", "non relu", "nicht rückgelesen"),
    (
        "the last pass was not read back as planned",
        "la dernière passe n\u2019a pas été relue comme prévu",
        "der letzte Durchgang wurde nicht wie geplant rückgelesen",
    ),
    (
        "too little of the medium was read back",
        "une trop petite part du support a été relue",
        "zu wenig des Datenträgers wurde rückgelesen",
    ),
    (
        r"(\d+) sectors read back other than written, (first at LBA )?(.+)",
        "{0} secteurs relus différents de ce qui fut écrit (LBA {2})",
        "{0} Sektoren anders rückgelesen als geschrieben (LBA {2})",
    ),
    (
        r"(\d+) sectors were written but can't be read back, first at LBA (\d+)(.*)",
        "{0} secteurs écrits mais impossibles à relire, le premier au LBA {1}{2}",
        "{0} Sektoren geschrieben, aber nicht rücklesbar, der erste bei LBA {1}{2}",
    ),
    ("the drive refused the command", "le support a refusé la commande", "das Laufwerk hat den Befehl abgelehnt"),
    (
        "the drive says that its erase failed",
        "le support indique que son effacement a échoué",
        "das Laufwerk meldet, dass seine Löschung fehlgeschlagen ist",
    ),
    (
        "the drive did not say that its erase was completed",
        "le support n\u2019a pas indiqué que son effacement était achevé",
        "das Laufwerk hat den Abschluss seiner Löschung nicht gemeldet",
    ),
    (
        "the drive does not tell what became of its erase",
        "le support n\u2019indique pas ce qu\u2019est devenu son effacement",
        "das Laufwerk meldet nicht, was aus seiner Löschung wurde",
    ),
    (
        "the completion may belong to an earlier erase",
        "l\u2019achèvement peut être celui d\u2019un effacement antérieur",
        "der Abschluss kann zu einer früheren Löschung gehören",
    ),
    (
        r"(\d+) marker sectors are unchanged(?:, first at LBA (\d+))?: data was left",
        "{0} secteurs marqués inchangés (LBA {1})\u00a0: des données sont restées",
        "{0} Markensektoren unverändert (LBA {1}): Daten blieben zurück",
    ),
    (
        "a hidden area was found after the erase: it was not reached",
        "une zone cachée a été trouvée après l\u2019effacement\u00a0: elle n\u2019a pas été atteinte",
        "nach der Löschung wurde ein versteckter Bereich gefunden: Er wurde nicht erreicht",
    ),
    (
        "the drive hid sectors before, and whether it does after the erase is not known",
        "le support cachait des secteurs avant, et on ignore s\u2019il en cache encore",
        "das Laufwerk verbarg zuvor Sektoren, und ob es das noch tut, ist nicht bekannt",
    ),
    ("stopped by the operator", "arrêté par l\u2019opérateur", "vom Bediener angehalten"),
    (
        r"the drive says that it has (\d+) bytes in sectors of (\d+)",
        "le support annonce {0} octets en secteurs de {1}",
        "das Laufwerk meldet {0} Byte in Sektoren zu {1}",
    ),
    (r"mounted(?:: (\S+))?", "monté {0}", "eingehängt {0}"),
)

_PLANS = (
    (
        r"one overwriting pass reaches Clear \(NIST SP 800-88r2\)",
        "une passe d\u2019écrasement atteint Clear (NIST SP 800-88r2)",
        "ein Durchgang Überschreiben erreicht Clear (NIST SP 800-88r2)",
    ),
    (r"(.+) was asked for", "{0} a été demandé", "{0} wurde verlangt"),
    (
        "overwrite is the strongest technique that this version offers for this medium",
        "l\u2019écrasement est la technique la plus forte que cette version propose pour ce support",
        "Überschreiben ist das stärkste Verfahren, das diese Version für diesen Datenträger anbietet",
    ),
    (
        "the strongest technique that this medium offers",
        "la technique la plus forte que ce support propose",
        "das stärkste Verfahren, das dieser Datenträger anbietet",
    ),
    (
        r"(\d+) passe?s? over every addressable byte: level reached is Clear \(NIST SP 800-88r2, IEEE 2883-2022\)",
        "{0} passe(s) sur chaque octet adressable\u00a0: niveau atteint Clear (NIST SP 800-88r2, IEEE 2883-2022)",
        "{0} Durchgang/Durchgänge über jedes adressierbare Byte: erreichte Stufe Clear (NIST SP 800-88r2, IEEE 2883-2022)",
    ),
    (
        "more than one pass reaches no higher level; it is done because it was asked for",
        "plus d\u2019une passe n\u2019atteint pas un niveau plus élevé\u00a0; elles sont faites parce qu\u2019elles ont été demandées",
        "mehr als ein Durchgang erreicht keine höhere Stufe; sie erfolgen, weil sie verlangt wurden",
    ),
    (
        "random data last: the read-back also shows addresses that alias and data that were not stored",
        "données aléatoires en dernier\u00a0: la relecture révèle aussi des adresses confondues et des données non stockées",
        "zuletzt Zufallsdaten: Das Rücklesen zeigt auch mehrfach belegte Adressen und nicht gespeicherte Daten",
    ),
    (
        "a repeated pattern last: the read-back can't show addresses that alias",
        "un motif répété en dernier\u00a0: la relecture ne révèle pas des adresses confondues",
        "zuletzt ein wiederholtes Muster: Das Rücklesen zeigt mehrfach belegte Adressen nicht",
    ),
    (
        "every byte is read back and compared",
        "chaque octet est relu et comparé",
        "jedes Byte wird rückgelesen und verglichen",
    ),
    (
        r"a sample of at least 10 % is read back and compared \(NIST SP 800-88r1 4\.7\.2\)",
        "un échantillon d\u2019au moins 10\u00a0% est relu et comparé (NIST SP 800-88r1 4.7.2)",
        "eine Stichprobe von mindestens 10\u00a0% wird rückgelesen und verglichen (NIST SP 800-88r1 4.7.2)",
    ),
    (
        "markers are planted before and must all be different afterwards; the drive's status alone proves nothing",
        "des marqueurs sont posés avant et doivent tous avoir changé après\u00a0; le statut du support seul ne prouve rien",
        "Marken werden davor gesetzt und müssen danach alle verändert sein; der Status des Laufwerks allein beweist nichts",
    ),
)

PHRASES: tuple[tuple[str, str, str], ...] = (
    *(*_NOT_COVERED, *_FAILURES),
    *(*OBSTACLES, *CHOICES, *OWN_ERASES, *REMARKS, *HEALTH, *TRANSIENT),
    *_PLANS,
)
