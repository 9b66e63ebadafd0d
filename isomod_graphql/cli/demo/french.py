"""Brasserie du Viroin: a brewery in Wallonia that speaks French. Invented; it refuses to describe anybody real."""

from types import MappingProxyType

from isomod_graphql.cli.demo.companies import Colleague, Company, Machine, Place, Site
from isomod_graphql.cli.demo.french_jobs import JOBS
from permissions.principals import Role

LIEGE, CHARLEROI, NAMUR = "Brasserie de Liège", "Embouteillage de Charleroi", "Dépôt de Namur"

SITES = (
    Site(
        LIEGE, "Rue des Vennes 210, 4020 Liège", 50.6190, 5.5890,
        (
            Place("Salle de brassage", (Place("Cuve-matière"), Place("Cuves de fermentation"))),
            Place("Chaufferie"),
            Place("Local froid"),
            Place("Station d'eau", (Place("Forage"), Place("Neutralisation"))),
            Place("Bureaux de Liège"),
        ),
    ),
    Site(
        CHARLEROI, "Rue de Monceau-Fontaine 42, 6031 Charleroi", 50.4230, 4.3980,
        (
            Place("Ligne verre", (Place("Soutireuse"), Place("Étiqueteuse"), Place("Encaisseuse"))),
            Place("Ligne fûts"),
            Place("Local compresseurs"),
            Place("Toiture Charleroi"),
        ),
    ),
    Site(
        NAMUR, "Rue Phocas Lejeune 11, 5032 Gembloux", 50.5150, 4.7360,
        (Place("Hall de stockage"), Place("Quais", (Place("Quai 1-4"), Place("Quai 5-8"))), Place("Atelier chariots")),
    ),
)  # fmt: skip

MACHINES = MappingProxyType(
    {
        "Cuve-matière": (
            Machine("PUMP", "Pompe de transfert moût", "Alfa Laval", "LKH-25", (("Moteur pompe moût", "Siemens", "1LE1 132M"),)),
            Machine("PUMP", "Pompe de recirculation", "Alfa Laval", "LKH-15"),
        ),
        "Cuves de fermentation": (
            Machine("TANK", "Fermenteur F1", "Ziemann Holvrieka", "CCT 400 hl"),
            Machine("TANK", "Fermenteur F2", "Ziemann Holvrieka", "CCT 400 hl"),
            Machine("TANK", "Fermenteur F3", "Ziemann Holvrieka", "CCT 600 hl"),
        ),
        "Chaufferie": (
            Machine("BOILER", "Chaudière vapeur 1", "Bosch", "Universal UL-S 3200", (("Brûleur chaudière 1", "Weishaupt", "WKGL 70"),)),
            Machine("BOILER", "Chaudière vapeur 2", "Babcock Wanson", "BWD 40"),
        ),
        "Local froid": (
            Machine("COMPRESSOR", "Compresseur ammoniac 1", "GEA Grasso", "V 600", (("Séparateur d'huile 1", "GEA Grasso", "OS 3"),)),
            Machine("COMPRESSOR", "Compresseur ammoniac 2", "Mayekawa Mycom", "N6WB"),
            Machine("PUMP", "Pompe eau glycolée", "Wilo", "CronoNorm NL 80"),
        ),
        "Forage": (Machine("PUMP", "Pompe de forage", "Grundfos", "SP 46-7"),),
        "Neutralisation": (Machine("PUMP", "Pompe doseuse soude", "ProMinent", "Sigma X"),),
        "Bureaux de Liège": (Machine("HVAC", "Climatisation bureaux", "Daikin", "VRV 5"),),
        "Soutireuse": (Machine("PACKER", "Soutireuse 48 becs", "Krones", "Modulfill HES"), Machine("CONVEYOR", "Convoyeur entrée soutireuse", "Krones", "SynCo")),
        "Étiqueteuse": (Machine("PACKER", "Étiqueteuse", "Krones", "Topmodul"), Machine("PACKER", "Inspectrice de bouteilles", "Heuft", "InLine II IR")),
        "Encaisseuse": (
            Machine("PACKER", "Encaisseuse", "KHS", "Innopack Kisters PPZ"),
            Machine("PACKER", "Palettiseur", "KHS", "Innopal PB1 N"),
            Machine("CONVEYOR", "Convoyeur caisses", "KHS", "Innoline"),
        ),
        "Ligne fûts": (Machine("PACKER", "Enfûteuse", "KHS", "Innokeg Transomat"), Machine("CRANE", "Robot de manutention fûts", "KUKA", "KR 240")),
        "Local compresseurs": (
            Machine("COMPRESSOR", "Compresseur d'air 1", "Kaeser", "CSD 105 T SFC", (("Sécheur 1", "Kaeser", "TD 76"),)),
            Machine("COMPRESSOR", "Compresseur d'air 2", "Kaeser", "CSD 85"),
        ),
        "Toiture Charleroi": (Machine("HVAC", "Rooftop embouteillage", "Lennox", "Baltic II 085"), Machine("HVAC", "Extracteur toiture", "VIM", "KSTD 450")),
        "Hall de stockage": (Machine("HVAC", "Aérotherme hall", "GEA", "Multimaxx HD"), Machine("CONVEYOR", "Transrouleur palettes", "Jungheinrich", "EKX 516")),
        "Quai 1-4": (Machine("DOOR", "Porte sectionnelle quai 2", "Crawford", "OH1042P"), Machine("DOOR", "Niveleur quai 4", "Crawford", "DL6010S")),
        "Quai 5-8": (Machine("DOOR", "Porte sectionnelle quai 7", "Crawford", "OH1042P"),),
        "Atelier chariots": (Machine("CRANE", "Pont roulant 2 t", "Demag", "EKKE 2t"),),
    }
)  # fmt: skip

A, M, T, R = Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER
PEOPLE = (
    Colleague("Amélie Lambert", "Directrice des opérations", A, None, "Quai de Rome 14, 4000 Liège"),
    Colleague("Benoît Dupont", "Responsable maintenance", M, None, "Rue de Campine 211, 4000 Liège"),
    Colleague("Céline Marchal", "Planificatrice Charleroi", M, CHARLEROI, "Rue de Gozée 88, 6110 Montigny-le-Tilleul"),
    Colleague("Damien Lejeune", "Technicien mécanicien", T, None, "Rue Saint-Séverin 52, 4000 Liège"),
    Colleague("Fatima Benali", "Technicienne électricité", T, None, "Rue Ernest Solvay 19, 4000 Liège"),
    Colleague("Grégory Simon", "Frigoriste", T, None, "Rue du Plan Incliné 7, 4000 Liège"),
    Colleague("Hugo Fontaine", "Technicien automatismes", T, None, "Rue de la Neuville 120, 6000 Charleroi"),
    Colleague("Inès Moreau", "Technicienne embouteillage", T, CHARLEROI, "Rue de Marcinelle 30, 6000 Charleroi"),
    Colleague("Julien Collard", "Technicien de dépôt", T, NAMUR, "Rue de Mazy 16, 5030 Gembloux"),
    Colleague("Karim Haddad", "Brasseur", R, None, "Rue Grétry 101, 4020 Liège"),
    Colleague("Laurence Gilles", "Chef d'équipe soutirage", R, CHARLEROI, "Rue Spinois 4, 6000 Charleroi"),
    Colleague("Mathieu Renard", "Opérateur étiquetage", R, CHARLEROI, "Rue Zénobe Gramme 66, 6000 Charleroi"),
    Colleague("Nadia Oumarou", "Responsable dépôt", R, NAMUR, "Chaussée de Wavre 23, 5030 Gembloux"),
    Colleague("Olivier Petit", "Caviste", R, LIEGE, "Boulevard de la Sauvenière 70, 4000 Liège"),
    Colleague("Pauline Henry", "Accueil", R, LIEGE, "Rue Louvrex 35, 4000 Liège"),
    Colleague("Quentin Bastin", "Contrôleur de gestion", Role.VIEWER, None, "Avenue Blonden 12, 4000 Liège"),
    Colleague("Rachel Noël", "Planificatrice production", Role.VIEWER, LIEGE, "Rue Darchis 44, 4000 Liège"),
    Colleague("Sandrine Leroy", "Responsable qualité", Role.QUALITY_MANAGER, None, "Rue Wazon 58, 4000 Liège"),
    Colleague("Thierry Jacquet", "Auditeur ISO 9001", Role.AUDITOR, None, "Rue de Fer 90, 5000 Namur", "audit-sambre.example"),
    Colleague("Valérie Dumont", "Déléguée à la protection des données", Role.PRIVACY_OFFICER, None, "Rue Hors-Château 27, 4000 Liège"),
    Colleague("William Thys", "Frigoriste de garde", None, LIEGE, "Rue de l'Industrie 3, 4400 Flémalle", "froid-meuse.example"),
    Colleague("Yves Carlier", "Contrôleur d'appareils à vapeur", None, LIEGE, "Rue Phocas Lejeune 4, 5032 Gembloux", "controle-wallon.example"),
    Colleague("Zoé Hubert", "Ingénieure de service", None, CHARLEROI, "Avenue Jean Mermoz 18, 6041 Gosselies", "lignes-service.example"),
    Colleague("Éric Paquet", "Technicien portes et quais", None, NAMUR, "Route de Louvain 9, 5020 Namur", "quais-portes.example"),
    Colleague("Agnès Rousseau", "Gestionnaire du zoning", None, CHARLEROI, "Rue de Monceau-Fontaine 2, 6031 Charleroi", "zoning-sambre.example"),
)  # fmt: skip

VIROIN = Company(
    slug="brasserie-viroin",
    name="Brasserie du Viroin SA",
    locale="fr",
    mail_host="brasserie-viroin.example",
    phones="+3248000",
    sites=SITES,
    machines=MACHINES,
    people=PEOPLE,
    jobs=JOBS,
    holds=(
        "En attente d'une pièce du fournisseur.",
        "La production ne peut pas arrêter la ligne avant vendredi.",
        "Nacelle disponible la semaine prochaine seulement.",
        "Plan complémentaire demandé au fabricant.",
    ),
    cancellations=(
        "Signalé deux fois, voir le premier bon de travail.",
        "La machine sera remplacée prochainement.",
        "Le défaut n'est pas revenu après redémarrage.",
    ),
    reopenings=("La fuite est revenue après deux jours.", "Même défaut pendant l'équipe de nuit."),
    partial="Réparation provisoire ; la définitive suivra au prochain arrêt.",
    partner="Froid Meuse télésurveillance",
)
