"""What has to be done to the machines of the French-speaking company. It refuses to name people: their names do not belong in notes."""

from types import MappingProxyType

from isomod_graphql.cli.demo.companies import Job
from isomod_graphql.work_orders.rules import WorkOrderType

C, P, IN, K, N = (
    WorkOrderType.CORRECTIVE,
    WorkOrderType.PREVENTIVE,
    WorkOrderType.INSPECTION,
    WorkOrderType.CALIBRATION,
    WorkOrderType.INSTALLATION,
)

JOBS = MappingProxyType(
    {
        "PUMP": (
            Job("Remplacer la garniture mécanique", C, "Goutte-à-goutte sous la pompe, environ un litre par heure.", "Garniture remplacée, essai à 6 bars, étanche."),
            Job("Analyser les vibrations", C, "La pompe ronfle plus fort que la semaine passée.", "Accouplement réaligné, 1,9 mm/s mesurés."),
            Job("Entretien trimestriel de la pompe", P, "Graissage, contrôle de la garniture, mesure du courant.", "Fait selon la liste, rien à signaler."),
            Job("Contrôler le clapet anti-retour", IN, "Le débit chute quand la deuxième pompe s'arrête.", "Clapet nettoyé, ferme complètement."),
            Job("Étalonner le débitmètre", K, "Étalonnage annuel.", "Écart de 0,3 pour cent, dans la tolérance."),
        ),
        "TANK": (
            Job("Joint du trou d'homme", C, "Suintement pendant le nettoyage.", "Joint EPDM remplacé, essai de pression réussi."),
            Job("Étalonner la sonde de température", K, "Sonde Pt100 du cône, vérification semestrielle.", "Écart de 0,1 degré, certificat joint."),
            Job("Inspecter la soupape de sécurité", IN, "Contrôle annuel de la soupape.", "Soupape conforme, plombée."),
            Job("Vérifier les boules de lavage", P, "Ouverture et contrôle selon plan.", "Une boule débouchée, couverture complète."),
        ),
        "COMPRESSOR": (
            Job("Vidange et filtres", P, "4000 heures au compteur.", "Huile et filtres remplacés, compteur remis à zéro."),
            Job("Température de refoulement élevée", C, "Alarme au-dessus de 105 degrés.", "Refroidisseur nettoyé, vanne thermostatique remplacée."),
            Job("Recherche de fuites", IN, "Le compresseur tourne aussi le dimanche.", "Trois fuites trouvées et réparées."),
            Job("Contrôle du détecteur d'ammoniac", K, "Étalonnage semestriel du détecteur.", "Seuils vérifiés au gaz étalon."),
        ),
        "HVAC": (
            Job("Remplacer les filtres", P, "Perte de charge trop élevée.", "Filtres F7 remplacés, 75 Pa."),
            Job("Ventilateur bruyant", C, "Frottement au démarrage.", "Roulement et courroie remplacés."),
            Job("Contrôle d'étanchéité annuel", IN, "Contrôle légal du circuit frigorifique.", "Aucune fuite, registre complété."),
        ),
        "PACKER": (
            Job("Bourrage répété", C, "Arrêt toutes les quinze minutes.", "Guides réglés, ventouses remplacées."),
            Job("Étiquettes de travers", C, "Décalage de trois millimètres après changement de format.", "Palette de colle remplacée, réglage enregistré."),
            Job("Entretien hebdomadaire", P, "Graissage, courroies, couteaux.", "Couteau remplacé, le reste en ordre."),
            Job("Vérifier les arrêts d'urgence", IN, "Essai semestriel.", "Tous les arrêts coupent."),
            Job("Monter le nouveau format", N, "Pièces de format 33 cl.", "Format monté, première palette acceptée."),
        ),
        "CONVEYOR": (
            Job("Chaîne détendue", C, "La chaîne saute sur le pignon.", "Deux maillons retirés, tension réglée."),
            Job("Remplacer le moteur de zone", C, "La zone 3 ne tire plus.", "Moteur et carte remplacés."),
            Job("Lubrification automatique", P, "Contrôle des buses.", "Deux buses débouchées."),
        ),
        "BOILER": (
            Job("Brûleur en défaut", C, "Défaut flamme après l'allumage.", "Cellule remplacée, combustion réglée."),
            Job("Analyse de l'eau de chaudière", IN, "Mesure hebdomadaire.", "Conductivité 2900, pH 11,4, purge faite."),
            Job("Entretien annuel de la chaudière", P, "Entretien et attestation de combustion.", "Rendement de 93,6 pour cent, attestation jointe."),
        ),
        "CRANE": (
            Job("Défaut de position", C, "Arrêt avant la cible, erreur 38005.", "Codeur remplacé, point zéro réappris."),
            Job("Contrôle trimestriel de levage", IN, "Contrôle par organisme.", "Conforme, sans remarque."),
            Job("Graissage", P, "Selon plan.", "Graissage fait, jeu mesuré."),
        ),
        "DOOR": (
            Job("La porte ne ferme plus", C, "Remonte à dix centimètres du sol.", "Barre palpeuse remplacée, effort mesuré."),
            Job("Remplacer les ressorts", P, "25000 cycles atteints.", "Ressorts remplacés, équilibrage réglé."),
            Job("Contrôle du niveleur", IN, "Contrôle trimestriel.", "Accepté sans remarque."),
        ),
    }
)  # fmt: skip
