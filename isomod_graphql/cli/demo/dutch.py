"""De Schelde Verpakking: a packaging company in Flanders that speaks Dutch. Invented; it refuses to describe anybody real."""

from types import MappingProxyType

from isomod_graphql.cli.demo.companies import Colleague, Company, Machine, Place, Site
from isomod_graphql.cli.demo.dutch_jobs import JOBS
from permissions.principals import Role

GENT, ANTWERPEN, MECHELEN = "Fabriek Gent", "Magazijn Antwerpen", "Drukkerij Mechelen"

SITES = (
    Site(
        GENT, "Wondelgemkaai 140, 9000 Gent", 51.0745, 3.7180,
        (
            Place("Hal A - Perserij", (Place("Perslijn 1"), Place("Perslijn 2"))),
            Place("Hal B - Verpakking", (Place("Lijn 3"), Place("Lijn 4"))),
            Place("Technische ruimte", (Place("Stookplaats"), Place("Compressorlokaal"), Place("Pompput"))),
            Place("Kantoren Gent"),
        ),
    ),
    Site(
        ANTWERPEN, "Haandorpweg 21, 9130 Beveren", 51.2430, 4.2540,
        (Place("Hoogbouw"), Place("Laadkade", (Place("Dok 1-6"), Place("Dok 7-12"))), Place("Batterijlokaal")),
    ),
    Site(
        MECHELEN, "Blarenberglaan 6, 2800 Mechelen", 51.0400, 4.4900,
        (Place("Persenzaal", (Place("Offset 1"), Place("Offset 2"))), Place("Inktkelder"), Place("Dak Mechelen")),
    ),
)  # fmt: skip

MACHINES = MappingProxyType(
    {
        "Perslijn 1": (
            Machine("PRESS", "Hydraulische pers 1", "Schuler", "HPX 400", (("Hydraulische groep pers 1", "Bosch Rexroth", "ABPAC 250"),)),
            Machine("CONVEYOR", "Rollenbaan pers 1", "Interroll", "MCP 1500"),
        ),
        "Perslijn 2": (
            Machine("PRESS", "Hydraulische pers 2", "Schuler", "HPX 630", (("Hydraulische groep pers 2", "Bosch Rexroth", "ABPAC 400"),)),
            Machine("PRESS", "Stansmachine", "Bobst", "Novacut 106 E"),
        ),
        "Lijn 3": (
            Machine("PACKER", "Doosvormer lijn 3", "Wexxar Bel", "BEL 252"),
            Machine("PACKER", "Palletwikkelaar lijn 3", "Robopac", "Genesis Thunder"),
            Machine("CONVEYOR", "Transportband lijn 3", "Interroll", "BM 8410"),
        ),
        "Lijn 4": (
            Machine("PACKER", "Dozensluiter lijn 4", "SIAT", "XL 35"),
            Machine("PACKER", "Etiketteermachine lijn 4", "Herma", "500"),
            Machine("CONVEYOR", "Transportband lijn 4", "Interroll", "BM 8410"),
        ),
        "Stookplaats": (
            Machine("BOILER", "Stoomketel 1", "Viessmann", "Vitomax 200-HS", (("Brander ketel 1", "Weishaupt", "WM-G 20/2-A"),)),
            Machine("BOILER", "Warmwaterketel", "De Dietrich", "C 340-500"),
        ),
        "Compressorlokaal": (
            Machine("COMPRESSOR", "Schroefcompressor 1", "Atlas Copco", "GA 37 VSD+", (("Koeldroger 1", "Atlas Copco", "FX 13"),)),
            Machine("COMPRESSOR", "Schroefcompressor 2", "Atlas Copco", "GA 30+"),
        ),
        "Pompput": (
            Machine("PUMP", "Koelwaterpomp KW1", "Grundfos", "CR 32-4", (("Motor KW1", "ABB", "M3BP 160 MLA"),)),
            Machine("PUMP", "Koelwaterpomp KW2", "Grundfos", "CR 32-4", (("Motor KW2", "ABB", "M3BP 160 MLA"),)),
            Machine("PUMP", "Dompelpomp regenwater", "Xylem Flygt", "CP 3085"),
        ),
        "Kantoren Gent": (Machine("HVAC", "Luchtgroep kantoren", "Daikin", "D-AHU Professional"),),
        "Hoogbouw": (
            Machine("CRANE", "Stapelkraan gang 1", "Stöcklin", "MASTer 24x"),
            Machine("CRANE", "Stapelkraan gang 2", "Stöcklin", "MASTer 24x"),
            Machine("CONVEYOR", "Palletbaan hoogbouw", "SSI Schäfer", "FT+ 200"),
        ),
        "Dok 1-6": (Machine("DOOR", "Sectionaalpoort dok 3", "Hörmann", "SPU F42"), Machine("DOOR", "Laadklep dok 5", "Loading Systems", "233i")),
        "Dok 7-12": (Machine("DOOR", "Sectionaalpoort dok 9", "Hörmann", "SPU F42"),),
        "Batterijlokaal": (Machine("HVAC", "Afzuiging batterijlokaal", "Systemair", "EX 140-4"),),
        "Offset 1": (Machine("PRESS", "Offsetpers 1", "Heidelberg", "Speedmaster CX 104"), Machine("PUMP", "Vochtwaterpomp 1", "technotrans", "beta.c 160")),
        "Offset 2": (Machine("PRESS", "Offsetpers 2", "Heidelberg", "Speedmaster XL 75"),),
        "Inktkelder": (Machine("PUMP", "Inktpomp cyaan", "Graco", "President 10:1"), Machine("PUMP", "Inktpomp zwart", "Graco", "President 10:1")),
        "Dak Mechelen": (Machine("HVAC", "Koelmachine persenzaal", "Carrier", "30RBP 210"), Machine("HVAC", "Dakventilator 2", "Systemair", "DVN 630")),
    }
)  # fmt: skip

A, M, T, R = Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER
PEOPLE = (
    Colleague("Lotte Claes", "Directeur operaties", A, None, "Coupure Links 88, 9000 Gent"),
    Colleague("Wouter De Smedt", "Hoofd technische dienst", M, None, "Brusselsesteenweg 310, 9050 Gentbrugge"),
    Colleague("Nele Van Acker", "Planner onderhoud Mechelen", M, MECHELEN, "Hombeeksesteenweg 45, 2800 Mechelen"),
    Colleague("Bram Peeters", "Technieker mechanica", T, None, "Dorpsstraat 17, 9080 Lochristi"),
    Colleague("Jef Goossens", "Technieker elektriciteit", T, None, "Kapellelaan 4, 9230 Wetteren"),
    Colleague("Sofie Maes", "Technieker HVAC", T, None, "Leuvensesteenweg 212, 2800 Mechelen"),
    Colleague("Yassin El Amrani", "Technieker hydraulica", T, None, "Turnhoutsebaan 98, 2140 Borgerhout"),
    Colleague("Dirk Wauters", "Technieker", T, ANTWERPEN, "Grote Markt 9, 9120 Beveren"),
    Colleague("Katrien Jacobs", "Technieker drukpersen", T, MECHELEN, "Battelsesteenweg 61, 2800 Mechelen"),
    Colleague("Pieter Hermans", "Ploegleider perserij", R, None, "Visserij 150, 9000 Gent"),
    Colleague("An Willems", "Ploegleider verpakking", R, GENT, "Antwerpsesteenweg 720, 9040 Sint-Amandsberg"),
    Colleague("Mehmet Yilmaz", "Operator lijn 3", R, GENT, "Blaisantvest 33, 9000 Gent"),
    Colleague("Els Baert", "Magazijnverantwoordelijke", R, ANTWERPEN, "Melseledorp 5, 9120 Melsele"),
    Colleague("Joris Lemmens", "Drukker", R, MECHELEN, "Liersesteenweg 140, 2800 Mechelen"),
    Colleague("Ilse Mertens", "Receptioniste", R, GENT, "Patijntjestraat 22, 9000 Gent"),
    Colleague("Koen Verhaegen", "Financieel controller", Role.VIEWER, None, "Citadellaan 41, 9000 Gent"),
    Colleague("Saskia Bogaerts", "Productieplanner", Role.VIEWER, GENT, "Meersstraat 77, 9000 Gent"),
    Colleague("Griet Aerts", "Kwaliteitsmanager", Role.QUALITY_MANAGER, None, "Sint-Pietersnieuwstraat 12, 9000 Gent"),
    Colleague("Luc Timmermans", "Auditor ISO 9001", Role.AUDITOR, None, "Tiensevest 5, 3000 Leuven", "normtoets.example"),
    Colleague("Hanne Desmet", "Functionaris gegevensbescherming", Role.PRIVACY_OFFICER, None, "Nederkouter 54, 9000 Gent"),
    Colleague("Stijn Cools", "Servicetechnicus compressoren", None, None, "Boomsesteenweg 957, 2610 Wilrijk", "persluchtdienst.example"),
    Colleague("Marleen Dubois", "Keurder stoomketels", None, GENT, "Jan Olieslagerslaan 35, 1800 Vilvoorde", "keuring-vlaanderen.example"),
    Colleague("Thomas Nijs", "Accountmanager liften en poorten", None, ANTWERPEN, "Noorderlaan 111, 2030 Antwerpen", "poortservice.example"),
    Colleague("Ruben Segers", "Monteur drukpersen", None, MECHELEN, "Zandvoortstraat 2, 2800 Mechelen", "drukwerktechniek.example"),
    Colleague("Veerle Vos", "Conciërge bedrijvenpark", None, GENT, "Wondelgemkaai 2, 9000 Gent", "kaaibeheer.example"),
)  # fmt: skip

SCHELDE = Company(
    slug="schelde-verpakking",
    name="De Schelde Verpakking NV",
    locale="nl",
    mail_host="schelde-verpakking.example",
    phones="+3247000",
    sites=SITES,
    machines=MACHINES,
    people=PEOPLE,
    jobs=JOBS,
    holds=(
        "Wachten op onderdeel van de leverancier.",
        "Productie kan de lijn nu niet missen.",
        "Hoogwerker pas volgende week beschikbaar.",
        "Bijkomende tekening opgevraagd bij de fabrikant.",
    ),
    cancellations=(
        "Dubbel gemeld, zie het eerdere werkorder.",
        "Machine wordt binnenkort vervangen.",
        "Probleem is na herstart niet teruggekomen.",
    ),
    reopenings=("Lekt opnieuw na twee dagen.", "Zelfde storing tijdens de nachtploeg."),
    partial="Tijdelijk hersteld; definitieve herstelling volgt bij de volgende stilstand.",
    partner="Persluchtdienst monitoring",
)
