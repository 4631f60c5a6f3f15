"""What the program says of a drive's health, in French and German; as phrases.py says."""

HEALTH = (
    (
        "the drive's own assessment says that it is failing",
        "le support lui-même s\u2019estime défaillant",
        "das Laufwerk selbst meldet, dass es versagt",
    ),
    (
        r"the drive could not be read: (.+)",
        "le support n\u2019a pas pu être lu\u00a0: {0}",
        "das Laufwerk war nicht lesbar: {0}",
    ),
    ("some SMART commands failed", "des commandes SMART ont échoué", "einige SMART-Befehle sind fehlgeschlagen"),
    (
        "the drive's error log has entries",
        "le journal d\u2019erreurs du support contient des entrées",
        "das Fehlerprotokoll des Laufwerks hat Einträge",
    ),
    ("the drive has no SMART", "le support n\u2019a pas de SMART", "das Laufwerk hat kein SMART"),
    ("SMART is switched off", "SMART est désactivé", "SMART ist ausgeschaltet"),
    (
        "no assessment: a virtual disk, or a controller hides the drive",
        "pas d\u2019évaluation\u00a0: disque virtuel, ou support caché par un contrôleur",
        "keine Bewertung: ein virtueller Datenträger, oder ein Controller verbirgt das Laufwerk",
    ),
    (
        "the drive gives no assessment of its own: SMART is switched off or not supported",
        "le support ne donne pas d\u2019évaluation\u00a0: SMART désactivé ou absent",
        "das Laufwerk bewertet sich nicht: SMART ist ausgeschaltet oder fehlt",
    ),
    (r"(\d+) pending sectors", "secteurs en attente\u00a0: {0}", "schwebende Sektoren: {0}"),
    (r"(\d+) uncorrectable sectors", "secteurs non corrigibles\u00a0: {0}", "unkorrigierbare Sektoren: {0}"),
    (
        r"(\d+) uncorrectable errors reported",
        "erreurs non corrigibles signalées\u00a0: {0}",
        "gemeldete unkorrigierbare Fehler: {0}",
    ),
    (r"(\d+) reallocated sectors", "secteurs réalloués\u00a0: {0}", "ersetzte Sektoren: {0}"),
    (r"(\d+) command time-outs", "commandes restées sans réponse\u00a0: {0}", "Zeitüberschreitungen: {0}"),
    (
        r"(\d+) transfer errors: check the cable",
        "erreurs de transfert\u00a0: {0}, vérifiez le câble",
        "Übertragungsfehler: {0}, Kabel prüfen",
    ),
    (
        r"attribute (.+) is past its threshold now",
        "l\u2019attribut {0} a dépassé son seuil",
        "Attribut {0} hat seinen Grenzwert überschritten",
    ),
    (
        r"attribute (.+) was past its threshold before",
        "l\u2019attribut {0} avait dépassé son seuil",
        "Attribut {0} hatte seinen Grenzwert überschritten",
    ),
    (
        "available spare below threshold",
        "réserve sous son seuil",
        "Reserve unter ihrem Grenzwert",
    ),
    ("temperature outside its limits", "température hors limites", "Temperatur außerhalb der Grenzen"),
    ("reliability degraded", "fiabilité dégradée", "Zuverlässigkeit vermindert"),
    ("media in read-only mode", "support en lecture seule", "Datenträger nur noch lesbar"),
    (
        "volatile memory backup failed",
        "la sauvegarde de la mémoire volatile a échoué",
        "Sicherung des flüchtigen Speichers fehlgeschlagen",
    ),
    (
        "persistent memory region unreliable",
        "zone de mémoire persistante peu fiable",
        "Bereich des persistenten Speichers unzuverlässig",
    ),
    (
        r"available spare (\d+) % is below its threshold of (\d+) %",
        "la réserve de {0}\u00a0% est sous son seuil de {1}\u00a0%",
        "die Reserve von {0}\u00a0% liegt unter ihrem Grenzwert von {1}\u00a0%",
    ),
    (r"(\d+) media errors", "erreurs du support\u00a0: {0}", "Fehler des Datenträgers: {0}"),
    (r"(\d+) grown defects", "défauts apparus\u00a0: {0}", "hinzugekommene Defekte: {0}"),
    (r"(\d+) uncorrected errors", "erreurs non corrigées\u00a0: {0}", "nicht korrigierte Fehler: {0}"),
    (
        r"(\d+) % of the rated endurance is used",
        "{0}\u00a0% de l\u2019endurance prévue sont consommés",
        "{0}\u00a0% der vorgesehenen Lebensdauer sind verbraucht",
    ),
    (
        r"implausible power-on time of (\d+) hours: the age is unknown",
        "durée de fonctionnement invraisemblable de {0} heures\u00a0: âge inconnu",
        "unglaubwürdige Betriebszeit von {0} Stunden: Alter unbekannt",
    ),
    (r"(\d+) hours of power-on time", "{0} heures de fonctionnement", "{0} Betriebsstunden"),
    (
        r"the newest self-test failed: (.+)",
        "le dernier autotest a échoué\u00a0: {0}",
        "der letzte Selbsttest ist fehlgeschlagen: {0}",
    ),
    (
        "the self-test log has errors",
        "le journal des autotests contient des erreurs",
        "das Protokoll der Selbsttests hat Fehler",
    ),
    (
        "a pre-failure attribute is past its threshold now",
        "un attribut annonçant une panne a dépassé son seuil",
        "ein Attribut, das einen Ausfall ankündigt, hat seinen Grenzwert überschritten",
    ),
    (
        "an attribute was past its threshold before",
        "un attribut avait dépassé son seuil",
        "ein Attribut hatte seinen Grenzwert überschritten",
    ),
    (
        "sanitization is still tried; propose destruction as the disposal",
        "l\u2019effacement est tenté malgré tout\u00a0; proposez la destruction",
        "die Löschung wird dennoch versucht; schlagen Sie die Vernichtung vor",
    ),
)
