"""What has to be done to the machines of the Dutch-speaking company. It refuses to name people: their names do not belong in notes."""

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
            Job("Asafdichting vervangen", C, "Er ligt water onder de pomp, ongeveer een halve liter per uur.", "Mechanische dichting vernieuwd, proefgedraaid op 6 bar, droog."),
            Job("Trillingen onderzoeken", C, "Pomp bromt luider dan vorige week.", "Koppeling uitgelijnd, trillingsniveau terug op 2,1 mm/s."),
            Job("Kwartaalonderhoud pomp", P, "Smeren, dichting nakijken, stroom opmeten.", "Uitgevoerd volgens checklist, geen afwijkingen."),
            Job("Terugslagklep nakijken", IN, "Debiet zakt weg zodra de tweede pomp stopt.", "Klep gereinigd, sluit weer volledig."),
            Job("Drukmeter ijken", K, "Jaarlijkse ijking van de manometer op de persleiding.", "Afwijking 0,4 procent, binnen tolerantie."),
        ),
        "COMPRESSOR": (
            Job("Filters en olie vervangen", P, "4000 uren bereikt volgens de teller.", "Olie, oliefilter en luchtfilter vervangen, teller op nul gezet."),
            Job("Hoge eindtemperatuur", C, "Alarm boven 105 graden, compressor valt uit.", "Koeler uitgeblazen en thermostaat vervangen."),
            Job("Persluchtlek opsporen", IN, "Compressor draait ook in het weekend onder last.", "Vier lekken gevonden en gedicht."),
            Job("Veiligheidsklep keuren", K, "Wettelijke keuring van het drukvat.", "Klep opent bij 10,8 bar, attest toegevoegd."),
        ),
        "HVAC": (
            Job("Filters luchtgroep vervangen", P, "Drukverschil over de filters te hoog.", "Filters F7 vervangen, drukverschil 80 Pa."),
            Job("Ventilator maakt lawaai", C, "Schurend geluid bij het opstarten.", "Lager en riem vernieuwd."),
            Job("Koelmiddel bijvullen en lektest", C, "Te weinig koelvermogen op warme dagen.", "Lek aan de schraderklep hersteld, 2,4 kg R32 bijgevuld."),
            Job("Jaarlijkse lekdichtheidscontrole", IN, "Wettelijke controle van de koelinstallatie.", "Geen lekken vastgesteld, logboek bijgewerkt."),
        ),
        "PRESS": (
            Job("Olielek aan cilinder", C, "Plas hydraulische olie onder de linker kolom.", "Pakkingset vervangen, olie bijgevuld."),
            Job("Lichtscherm reageert niet", C, "Pers stopt niet als het lichtscherm onderbroken wordt; buiten dienst gezet.", "Zender vervangen en stoptijd gemeten: 140 ms."),
            Job("Maandonderhoud pers", P, "Smeerpunten, oliepeil, noodstoppen.", "Alles in orde, noodstop bedieningskant bijgeregeld."),
            Job("Stoptijd meten", K, "Halfjaarlijkse meting van de stoptijd.", "Gemiddeld 138 ms, attest toegevoegd."),
            Job("Nieuwe matrijs inbouwen", N, "Matrijs voor de nieuwe klant opspannen en afstellen.", "Ingebouwd, eerste honderd stuks goedgekeurd."),
        ),
        "PACKER": (
            Job("Dozen lopen vast", C, "Om het kwartier een stop aan de vouwstations.", "Geleiders afgesteld en zuignappen vervangen."),
            Job("Lijmkop reinigen", P, "Lijm komt ongelijk uit.", "Kop gedemonteerd en gereinigd."),
            Job("Sensor telt dubbel", C, "Teller staat elke ploeg te hoog.", "Reflector vervangen, telling klopt."),
            Job("Weekonderhoud verpakkingslijn", P, "Riemen spannen, messen nakijken.", "Mes sluiter vervangen, rest in orde."),
        ),
        "CONVEYOR": (
            Job("Band loopt scheef", C, "Band schuurt tegen de zijgeleiding.", "Omkeerrol afgesteld, band loopt recht."),
            Job("Motorrol vervangen", C, "Zone 4 trekt niet meer.", "Motorrol en kaart vervangen."),
            Job("Noodstoptrekkoord testen", IN, "Halfjaarlijkse veiligheidstest.", "Alle trekkoorden schakelen af."),
        ),
        "BOILER": (
            Job("Brander valt uit", C, "Storing 41 na het ontsteken.", "Ionisatiepen vervangen, verbranding afgesteld."),
            Job("Waterkwaliteit meten", IN, "Wekelijkse meting ketelwater.", "Geleidbaarheid 3100, pH 11,2, gespuid."),
            Job("Jaarlijks onderhoud ketel", P, "Onderhoud en verbrandingsattest.", "Rendement 94,1 procent, attest toegevoegd."),
        ),
        "CRANE": (
            Job("Positiefout gang", C, "Kraan stopt voor het vak, fout E217.", "Laserafstandsmeter gereinigd en opnieuw geijkt."),
            Job("Hijskabel nakijken", IN, "Driemaandelijkse controle door bevoegd persoon.", "Geen draadbreuken, smering in orde."),
            Job("Smeren looprails", P, "Volgens plan.", "Rails en loopwielen gesmeerd."),
        ),
        "DOOR": (
            Job("Poort sluit niet", C, "Poort gaat tien centimeter voor de grond weer open.", "Onderlat vervangen, kracht nagemeten."),
            Job("Veren poort vervangen", P, "Veren hebben 25000 cycli gedraaid.", "Veren vervangen, balans afgesteld."),
            Job("Keuring laadklep", IN, "Driemaandelijkse keuring.", "Goedgekeurd zonder opmerkingen."),
        ),
    }
)  # fmt: skip
