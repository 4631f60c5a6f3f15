"""What the program says of a drive's own erase and of what stands against it, in French and German; as phrases.py says."""

_DETAIL = r"( \(.+\))?"

_THAW = (
    (
        "the machine's firmware has locked the drive's own erase; try in this order: let the machine sleep for ten seconds"
        r" \(on the screen, or `ardoise thaw`\), unplug the drive's cable and plug it in again while the machine runs, another technique"
    ),
    (
        "le micrologiciel de la machine a verrouillé l\u2019effacement propre au support\u00a0; essayez dans cet ordre\u00a0: mettre la machine en"
        " veille dix secondes (à l\u2019écran, ou `ardoise thaw`), débrancher puis rebrancher le câble du support machine allumée, une autre technique"
    ),
    (
        "die Firmware des Geräts hat die eigene Löschung des Laufwerks gesperrt; versuchen Sie in dieser Reihenfolge: das Gerät zehn Sekunden"
        " schlafen lassen (am Bildschirm oder mit `ardoise thaw`), das Kabel des Laufwerks bei laufendem Gerät ab- und wieder anstecken, ein"
        " anderes Verfahren"
    ),
)

OBSTACLES = (
    (
        f"security frozen{_DETAIL}: {_THAW[0]}",
        f"effacement ATA gelé{{0}}\u00a0: {_THAW[1]}",
        f"ATA-Löschung eingefroren{{0}}: {_THAW[2]}",
    ),
    (
        f"sanitize frozen{_DETAIL}: {_THAW[0]}",
        f"Sanitize gelé{{0}}\u00a0: {_THAW[1]}",
        f"Sanitize eingefroren{{0}}: {_THAW[2]}",
    ),
    (
        f"locked by a password{_DETAIL}: unlock it with its password, or revert it with the PSID on its label",
        "verrouillé par un mot de passe{0}\u00a0: déverrouillez-le, ou réinitialisez-le par le PSID de son étiquette",
        "durch ein Passwort gesperrt{0}: entsperren Sie es, oder setzen Sie es mit der PSID auf seinem Etikett zurück",
    ),
    (
        f"password attempts used up{_DETAIL}: switch the machine off and on again",
        "essais de mot de passe épuisés{0}\u00a0: éteignez et rallumez la machine",
        "Passwortversuche verbraucht{0}: schalten Sie das Gerät aus und wieder ein",
    ),
    (
        f"a sanitize is running{_DETAIL}: it can't be stopped; wait until the drive has ended it",
        "un Sanitize est en cours{0}\u00a0: on ne peut l\u2019arrêter\u00a0; attendez que le support l\u2019ait terminé",
        "ein Sanitize läuft{0}: Es lässt sich nicht anhalten; warten Sie, bis das Laufwerk fertig ist",
    ),
    (
        f"a sanitize failed: only a new one may be started{_DETAIL}: the drive takes nothing but a new sanitize",
        "un Sanitize a échoué{0}\u00a0: le support n\u2019accepte plus qu\u2019un nouveau Sanitize",
        "ein Sanitize ist fehlgeschlagen{0}: Das Laufwerk nimmt nur noch ein neues an",
    ),
    (
        f"locked by Opal{_DETAIL}: revert it with the PSID on its label",
        "verrouillé par Opal{0}\u00a0: réinitialisez-le par le PSID de son étiquette",
        "durch Opal gesperrt{0}: Setzen Sie es mit der PSID auf seinem Etikett zurück",
    ),
    (
        rf"blocked by the firmware \(Block SID\){_DETAIL}: switch Block SID off in the machine's setup, or suspend and resume",
        "bloqué par le micrologiciel (Block SID){0}\u00a0: désactivez Block SID dans les réglages de la machine, ou passez par la veille",
        "von der Firmware gesperrt (Block SID){0}: Schalten Sie Block SID im Setup des Geräts aus, oder lassen Sie es einmal schlafen",
    ),
    (
        f"behind a USB bridge{_DETAIL}: a bridge may lose the drive's commands; take the drive out of its case for its own erase",
        "derrière un pont USB{0}\u00a0: un pont peut perdre les commandes\u00a0; sortez le support de son boîtier pour son effacement propre",
        "hinter einer USB-Brücke{0}: Eine Brücke kann Befehle verlieren; nehmen Sie das Laufwerk für seine eigene Löschung aus dem Gehäuse",
    ),
    (
        f"known to hang or fail{_DETAIL}: its own erase is not used",
        "connu pour se bloquer ou échouer{0}\u00a0: son effacement propre n\u2019est pas utilisé",
        "dafür bekannt, zu hängen oder zu versagen{0}: Seine eigene Löschung wird nicht benutzt",
    ),
    (
        f"capabilities not readable{_DETAIL}",
        "ce qu\u2019il sait faire n\u2019a pas pu être lu{0}",
        "was es kann, ließ sich nicht lesen{0}",
    ),
)

CHOICES = (
    (
        "its own erase is not used: behind a virtual disk it reaches no medium that anybody could name",
        "son effacement propre n\u2019est pas utilisé\u00a0: derrière un disque virtuel, il n\u2019atteint aucun support que l\u2019on puisse nommer",
        "seine eigene Löschung wird nicht benutzt: Hinter einem virtuellen Datenträger erreicht sie keinen, den jemand benennen könnte",
    ),
    (
        r"nothing but a sanitize of the whole drive reaches (.+)",
        "seul un Sanitize du support entier atteint {0}",
        "nur ein Sanitize des ganzen Laufwerks erreicht {0}",
    ),
    (
        r"its own erase would erase (.+) too, and is not used",
        "son effacement propre effacerait aussi {0}\u00a0; il n\u2019est pas utilisé",
        "seine eigene Löschung würde auch {0} löschen und wird nicht benutzt",
    ),
    (
        r"(.+) would reach (Clear|Purge), for all of them together; here each is confirmed and erased by itself",
        "{0} atteindrait {1}, pour tous ensemble\u00a0; ici, chacun est confirmé et effacé séparément",
        "{0} würde {1} erreichen, für alle zusammen; hier wird jedes einzeln bestätigt und gelöscht",
    ),
    (
        r"erases also (.+), which no node of this machine leads to",
        "efface aussi {0}, auxquels aucun nœud de cette machine ne mène",
        "löscht auch {0}, wohin in diesem Gerät kein Knoten führt",
    ),
    (
        "its PSID has not been typed yet: it stands on the drive's label",
        "son PSID n\u2019a pas encore été saisi\u00a0: il figure sur l\u2019étiquette du support",
        "seine PSID wurde noch nicht eingegeben: Sie steht auf dem Etikett des Laufwerks",
    ),
    (
        r"the drive does not offer (.+) now",
        "le support ne propose pas {0} à présent",
        "das Laufwerk bietet {0} jetzt nicht an",
    ),
    (
        r"(.+) reaches (no level|Clear|Purge), (Clear|Purge|Destroy) is required",
        "{0} atteint {1}, {2} est exigé",
        "{0} erreicht {1}, verlangt ist {2}",
    ),
    (
        r"a hidden area( \(\d+ sectors\))? \(HPA, DCO or AMA\) is out of an overwrite's reach and must be removed first",
        "une zone cachée{0} (HPA, DCO ou AMA) est hors de portée d\u2019un écrasement et doit d\u2019abord être supprimée",
        "ein versteckter Bereich{0} (HPA, DCO oder AMA) liegt außer Reichweite eines Überschreibens und muss zuerst entfernt werden",
    ),
    (
        r"(\d+) passes on flash wear it out and reach no more than one does \(NIST SP 800-88r2 FAQ Q6\): choose a set of one pass",
        "{0} passes usent la mémoire flash et n\u2019atteignent rien de plus qu\u2019une seule (NIST SP 800-88r2 FAQ Q6)\u00a0: choisissez une passe",
        "{0} Durchgänge nutzen Flash ab und erreichen nicht mehr als einer (NIST SP 800-88r2 FAQ Q6): Wählen Sie einen Durchgang",
    ),
    (
        r"the capacity of (\d+) bytes is no whole number of (\d+)-byte sectors",
        "la capacité de {0} octets n\u2019est pas un nombre entier de secteurs de {1} octets",
        "die Kapazität von {0} Byte ist keine ganze Zahl von Sektoren zu {1} Byte",
    ),
    (
        "an overwrite that was cut off goes on: what it wrote last is compared first; where that differs, all passes start again",
        "un écrasement interrompu reprend\u00a0: ce qu\u2019il a écrit en dernier est d\u2019abord comparé\u00a0; en cas d\u2019écart, toutes les passes recommencent",
        "ein unterbrochenes Überschreiben geht weiter: Zuerst wird verglichen, was es zuletzt schrieb; weicht das ab, beginnen alle Durchgänge neu",
    ),
    (
        r"the overwrite would make (\d+) passe?s?: (.+) last",
        "l\u2019écrasement ferait {0} passe(s), la dernière\u00a0: {1}",
        "das Überschreiben machte {0} Durchgang/Durchgänge, zuletzt: {1}",
    ),
    (
        "virtual disk of a RAID controller",
        "disque virtuel d\u2019un contrôleur RAID",
        "virtueller Datenträger eines RAID-Controllers",
    ),
)

OWN_ERASES = (
    (r"markers for (.+)", "marqueurs pour {0}", "Marken für {0}"),
    ("the drive refused the PSID", "le support a refusé le PSID", "das Laufwerk hat die PSID abgelehnt"),
    (
        "the drive says that it completed an erase, as it did before: whether this one, is not known",
        "le support dit avoir achevé un effacement, comme auparavant\u00a0: on ignore si c\u2019est celui-ci",
        "das Laufwerk meldet eine abgeschlossene Löschung, wie schon zuvor: ob diese, ist nicht bekannt",
    ),
    (
        r"the drive does not tell its status: (.+)",
        "le support n\u2019indique pas son état\u00a0: {0}",
        "das Laufwerk meldet seinen Zustand nicht: {0}",
    ),
    (
        "an erase that this session did not start is running in the drive",
        "un effacement que cette session n\u2019a pas lancé est en cours dans le support",
        "im Laufwerk läuft eine Löschung, die diese Sitzung nicht begonnen hat",
    ),
    (
        r"the command may have been started: (.+)",
        "la commande a peut-être été lancée\u00a0: {0}",
        "der Befehl wurde vielleicht begonnen: {0}",
    ),
    (
        r"no longer watched \((.+)\); the drive goes on by itself",
        "n\u2019est plus observé ({0})\u00a0; le support continue seul",
        "nicht mehr beobachtet ({0}); das Laufwerk macht allein weiter",
    ),
    (
        r"the drive no longer tells its status: (.+)",
        "le support n\u2019indique plus son état\u00a0: {0}",
        "das Laufwerk meldet seinen Zustand nicht mehr: {0}",
    ),
    (
        r"the drive's erase has not moved from (\S+) % for (\d+) s",
        "l\u2019effacement du support n\u2019a pas dépassé {0}\u00a0% depuis {1} s",
        "die Löschung des Laufwerks steht seit {1} s bei {0}\u00a0%",
    ),
    (
        "the drive took the command and says that none was ever started",
        "le support a accepté la commande et dit qu\u2019aucune n\u2019a jamais été lancée",
        "das Laufwerk nahm den Befehl an und sagt, dass nie einer begonnen wurde",
    ),
    (
        r"the drive could not be given back: (.+)",
        "le support n\u2019a pas pu être rendu\u00a0: {0}",
        "das Laufwerk ließ sich nicht zurückgeben: {0}",
    ),
    (
        r"the medium could not be read back: (.+)",
        "le support n\u2019a pas pu être relu\u00a0: {0}",
        "der Datenträger ließ sich nicht rücklesen: {0}",
    ),
    (
        r"the medium did not come back: (.+)",
        "le support n\u2019est pas revenu\u00a0: {0}",
        "der Datenträger kam nicht zurück: {0}",
    ),
    (
        r"the medium is not the one that was planned: (.+)",
        "le support n\u2019est pas celui qui était prévu\u00a0: {0}",
        "der Datenträger ist nicht der geplante: {0}",
    ),
    (
        "no markers stood on the medium before",
        "aucun marqueur ne figurait sur le support auparavant",
        "zuvor standen keine Marken auf dem Datenträger",
    ),
    (
        "the markers covered too little of the medium",
        "les marqueurs couvraient une trop petite part du support",
        "die Marken deckten zu wenig des Datenträgers ab",
    ),
    (
        r"(\d+) marker sectors can't be read afterwards",
        "{0} secteurs marqués illisibles ensuite",
        "{0} Markensektoren danach nicht lesbar",
    ),
    (
        r"(\d+) sectors hold something else than an erased medium, first at LBA (\d+)",
        "{0} secteurs contiennent autre chose qu\u2019un support effacé, le premier au LBA {1}",
        "{0} Sektoren enthalten etwas anderes als ein gelöschter Datenträger, der erste bei LBA {1}",
    ),
    (
        r"(\d+) sectors can't be read afterwards",
        "{0} secteurs illisibles ensuite",
        "{0} Sektoren danach nicht lesbar",
    ),
    ("the medium was not read back", "le support n\u2019a pas été relu", "der Datenträger wurde nicht rückgelesen"),
    (
        "a job that was resumed is read back in full",
        "un travail repris est relu en entier",
        "ein fortgesetzter Auftrag wird ganz rückgelesen",
    ),
    (
        r"defect of the program: (\S+)",
        "défaut du programme\u00a0: {0}",
        "Fehler des Programms: {0}",
    ),
    (
        r"The medium has not answered for (\d+) s\.",
        "Le support n\u2019a pas répondu pendant {0} s.",
        "Der Datenträger hat {0} s lang nicht geantwortet.",
    ),
    (
        r"The medium is lost at LBA (\d+): (.+)\.",
        "Le support est perdu au LBA {0}\u00a0: {1}.",
        "Der Datenträger ging bei LBA {0} verloren: {1}.",
    ),
    (
        r"The medium no longer answers; given up after (\d+) MiB in a row (.+)\.",
        "Le support ne répond plus\u00a0; abandonné après {0} Mio de suite ({1}).",
        "Der Datenträger antwortet nicht mehr; aufgegeben nach {0} MiB in Folge ({1}).",
    ),
    (
        r"The medium fails too slowly; given up after (\d+) s of errors (.+)\.",
        "Le support échoue trop lentement\u00a0; abandonné après {0} s d\u2019erreurs ({1}).",
        "Der Datenträger versagt zu langsam; aufgegeben nach {0} s mit Fehlern ({1}).",
    ),
)

TRANSIENT = (
    (r"pass (\d+) of (\d+)", "passe {0} sur {1}", "Durchgang {0} von {1}"),
    ("every pass was carried over", "toutes les passes sont reprises", "alle Durchgänge sind übernommen"),
)

REMARKS = (
    (
        "blocks behind those that can be read: that they were erased is the drive's word alone",
        "les blocs derrière ceux que l\u2019on peut lire\u00a0: leur effacement n\u2019est attesté que par le support",
        "Blöcke hinter den lesbaren: dass sie gelöscht wurden, sagt allein das Laufwerk",
    ),
    (
        r"does not reach the two boot areas of (\d+) bytes each",
        "n\u2019atteint pas les deux zones d\u2019amorçage de {0} octets chacune",
        "erreicht die beiden Boot-Bereiche von je {0} Byte nicht",
    ),
    (
        r"does not reach the general purpose partitions \((.+)\)",
        "n\u2019atteint pas les partitions à usage général ({0})",
        "erreicht die Allzweck-Partitionen nicht ({0})",
    ),
    (
        r"does not reach the replay protected memory block(?: of (\d+) bytes)?",
        "n\u2019atteint pas le bloc de mémoire protégé contre le rejeu (RPMB)",
        "erreicht den gegen Wiedereinspielen geschützten Speicherblock (RPMB) nicht",
    ),
    (
        "deallocates: what is read back afterwards comes from the map, not from the medium",
        "désalloue\u00a0: ce qui est relu ensuite vient de la table, non du support",
        "gibt Blöcke frei: was danach gelesen wird, kommt aus der Tabelle, nicht vom Datenträger",
    ),
    (
        r"the drive may change its key where it would have to erase \(NVMe allows it\)",
        "le support peut changer sa clé au lieu d\u2019effacer (NVMe le permet)",
        "das Laufwerk darf seinen Schlüssel wechseln, statt zu löschen (NVMe erlaubt es)",
    ),
    (
        r"reaches this namespace alone, not (.+)",
        "n\u2019atteint que cet espace de noms, non {0}",
        "erreicht nur diesen Namensraum, nicht {0}",
    ),
    (
        r"does not reach (\d+) bytes that belong to no namespace",
        "n\u2019atteint pas {0} octets qui n\u2019appartiennent à aucun espace de noms",
        "erreicht {0} Byte nicht, die zu keinem Namensraum gehören",
    ),
    (
        "needs the PSID that is printed on the drive's label",
        "exige le PSID imprimé sur l\u2019étiquette du support",
        "braucht die PSID, die auf dem Etikett des Laufwerks steht",
    ),
    (
        "the drive's word alone proves nothing: reverted drives with readable data are known",
        "la parole du support ne prouve rien\u00a0: on connaît des supports réinitialisés aux données lisibles",
        "das Wort des Laufwerks allein beweist nichts: zurückgesetzte Laufwerke mit lesbaren Daten sind bekannt",
    ),
    (
        "the drive itself names no value to be read back",
        "le support ne nomme aucune valeur à relire",
        "das Laufwerk nennt keinen Wert, der rückzulesen wäre",
    ),
    (
        "the drive's estimate is a lower limit",
        "l\u2019estimation du support est un minimum",
        "die Schätzung des Laufwerks ist eine Untergrenze",
    ),
)
