"""The desk's few texts; the agent's screen has its own catalogues."""

WORDS = {
    "no_place": {
        "en": "There is no writable place for evidence ({why}), so nothing can be erased here.\n"
        "Use another stick, or write this one again, start from it, and try again.",
        "fr": "Il n'y a pas d'emplacement inscriptible pour les preuves ({why}) : rien ne peut être effacé ici.\n"
        "Prenez une autre clé ou écrivez de nouveau celle-ci, démarrez dessus, puis réessayez.",
        "de": "Es gibt keinen beschreibbaren Ort für Nachweise ({why}), deshalb kann hier nichts gelöscht werden.\n"
        "Nehmen Sie einen anderen Stick oder schreiben Sie diesen neu, starten Sie davon und versuchen Sie es erneut.",
    },
    "not_enrolled": {
        "en": "This stick is not enrolled: it has no key to sign with (missing: {missing}).\n"
        "On the office computer:  ardoise pki issue-station PKI --name NAME --out station\n"
        "Copy the folder \"station\" to the partition ARDOISE-DAT of this stick, and start again.",
        "fr": "Cette clé n'est pas enregistrée : elle n'a pas de clé de signature (il manque : {missing}).\n"
        "Sur l'ordinateur du bureau :  ardoise pki issue-station PKI --name NOM --out station\n"
        "Copiez le dossier « station » sur la partition ARDOISE-DAT de cette clé, puis redémarrez.",
        "de": "Dieser Stick ist nicht angemeldet: Er hat keinen Schlüssel zum Unterschreiben (es fehlt: {missing}).\n"
        "Am Bürocomputer:  ardoise pki issue-station PKI --name NAME --out station\n"
        "Kopieren Sie den Ordner «station» auf die Partition ARDOISE-DAT dieses Sticks und starten Sie neu.",
    },
    "keyboard": {"en": "Keyboard: {name}", "fr": "Clavier : {name}", "de": "Tastatur: {name}"},
    "failed": {
        "en": "The screen ended with code {code}. Tell whoever looks after this stick.",
        "fr": "L'écran s'est terminé avec le code {code}. Dites-le à qui s'occupe de cette clé.",
        "de": "Der Bildschirm endete mit dem Code {code}. Sagen Sie es der Person, die diesen Stick betreut.",
    },
    "no_digest": {
        "en": "The image could not be measured; records will say so.",
        "fr": "L'image n'a pas pu être mesurée ; les procès-verbaux le diront.",
        "de": "Das Abbild konnte nicht gemessen werden; die Protokolle werden es sagen.",
    },
    "menu": {
        "en": "Enter: open the screen again    R: restart    X: switch off",
        "fr": "Entrée : rouvrir l'écran    R : redémarrer    X : éteindre",
        "de": "Eingabe: Bildschirm wieder öffnen    R: neu starten    X: ausschalten",
    },
}
