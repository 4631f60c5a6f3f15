"""The desk's few texts; the agent's screen has its own catalogues."""

WORDS = {
    "no_place": {
        "en": "There is no writable place for evidence ({why}), so nothing can be erased here.\n"
        "Write the stick again in DD mode (not \"ISO mode\"), start from it, and try again.",
        "fr": "Il n'y a pas d'emplacement inscriptible pour les preuves ({why}) : rien ne peut être effacé ici.\n"
        "Écrivez de nouveau la clé en mode DD (pas en « mode ISO »), démarrez dessus, puis réessayez.",
        "de": "Es gibt keinen beschreibbaren Ort für Nachweise ({why}), deshalb kann hier nichts gelöscht werden.\n"
        "Schreiben Sie den Stick neu im DD-Modus (nicht im «ISO-Modus»), starten Sie davon und versuchen Sie es erneut.",
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
    "leave_stick": {
        "en": "Little memory: leave the stick in until the machine is off.",
        "fr": "Peu de mémoire : laissez la clé branchée jusqu'à l'arrêt de la machine.",
        "de": "Wenig Speicher: Lassen Sie den Stick stecken, bis die Maschine aus ist.",
    },
    "keyboard": {"en": "Keyboard: {name}", "fr": "Clavier : {name}", "de": "Tastatur: {name}"},
    "operator": {"en": "Your operator id: ", "fr": "Votre identifiant : ", "de": "Ihre Kennung: "},
    "passphrase": {
        "en": "Passphrase of this stick (is not shown): ",
        "fr": "Phrase de passe de cette clé (ne s'affiche pas) : ",
        "de": "Passphrase dieses Sticks (wird nicht angezeigt): ",
    },
    "wrong": {
        "en": "That is not the passphrase.",
        "fr": "Ce n'est pas la phrase de passe.",
        "de": "Das ist nicht die Passphrase.",
    },
    "opening": {"en": "Opening ...", "fr": "Ouverture ...", "de": "Wird geöffnet ..."},
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
