"""The words of a report, German and English. Pure."""

LANGUAGES = ("en", "de")
FILES = {"en": "report.html", "de": "report.de.html"}
_WORDS = {
    "title": ("Backtest", "Rückrechnung"),
    "other": ("Deutsch", "English"),
    "days": ("days", "Tage"),
    "to": ("to", "bis"),
    "days_of": ("{scored} of {asked} days", "{scored} von {asked} Tagen"),
    "none": ("none", "keine"),
    "forecast": ("forecast", "Prognose"),
    "last week": ("a week before", "Woche zuvor"),
    "similar day": ("similar day", "ähnlicher Tag"),
    "day before": ("day before", "Vortag"),
    "hour means": ("hour means, flat", "Stundenmittel, flach"),
    "foresight": ("perfect foresight", "volle Voraussicht"),
    "true": ("price", "Preis"),
    "aim": ("aim", "Soll"),
    "seen": ("seen", "gemessen"),
    "corridor": ("78 to 82 %", "78 bis 82 %"),
    "kpi.mae": ("Mean absolute error", "Mittlerer Fehler"),
    "kpi.rmse": ("Root mean square", "Mittleres Quadrat, Wurzel"),
    "kpi.pinball": ("Quantile score", "Quantilfehler"),
    "kpi.coverage": ("80 % interval covers", "80-%-Intervall deckt"),
    "kpi.revenue": ("Battery earns", "Speicher verdient"),
    "kpi.leakage": ("Reads the future", "Liest die Zukunft"),
    "kpi.rmae": ("of the weekly naive", "der Vorwoche"),
    "kpi.bias": ("bias", "Versatz"),
    "kpi.crossings": ("crossings", "Überschneidungen"),
    "kpi.kupiec": ("Kupiec p", "Kupiec p"),
    "kpi.foresight": ("of perfect foresight", "der vollen Voraussicht"),
    "kpi.tested": ("tested on", "geprüft am"),
    "clean": ("no", "nein"),
    "leaks": ("yes", "ja"),
    "plot.month": ("Error by month", "Fehler nach Monat"),
    "plot.hour": ("Error by hour", "Fehler nach Stunde"),
    "plot.rolling": ("Error of the last days, on the way", "Fehler der letzten Tage im Verlauf"),
    "plot.reliability": ("How often below the quantile", "Wie oft unter dem Quantil"),
    "plot.pit": ("Where in its distribution the price fell", "Wo in der Verteilung der Preis lag"),
    "plot.coverage": ("80 % interval by hour", "80-%-Intervall nach Stunde"),
    "plot.weights": ("Weights of the members", "Gewichte der Modelle"),
    "plot.fan.best": ("The best day", "Der beste Tag"),
    "plot.fan.middle": ("A middling day", "Ein mittlerer Tag"),
    "plot.fan.worst": ("The worst day", "Der schlechteste Tag"),
    "plot.shares": ("Earned by a battery", "Ertrag eines Speichers"),
    "plot.earned": ("Earned by month", "Ertrag nach Monat"),
    "table.errors": ("All models", "Alle Modelle"),
    "table.comparisons": ("Diebold and Mariano", "Diebold und Mariano"),
    "table.intervals": ("Intervals", "Intervalle"),
    "table.levels": ("Quantile score by level", "Quantilfehler nach Niveau"),
    "table.revenue": ("A battery of 1 MW", "Ein Speicher von 1 MW"),
    "table.offers": ("Several plans offered together", "Mehrere Pläne zugleich geboten"),
    "offers.followed": ("one plan, paid at any price", "ein Plan, zu jedem Preis bezahlt"),
    "offers.taken": ("the best of the plans offered:", "der beste der gebotenen Pläne:"),
    "table.weekday": ("By weekday", "Nach Wochentag"),
    "table.state": ("By what was flagged", "Nach Vermerk"),
    "every member spoke": ("every member spoke", "alle Modelle sprachen"),
    "a member slept": ("a member slept", "ein Modell schlief"),
    "without quantiles": ("without quantiles", "ohne Quantile"),
    "public holiday": ("public holiday", "Feiertag"),
    "table.regime": ("By price", "Nach Preis"),
    "table.data": ("What it was made of", "Woraus er gemacht ist"),
    "model": ("model", "Modell"),
    "level": ("level", "Niveau"),
    "interval": ("interval", "Intervall"),
    "mae": ("MAE", "MAE"),
    "rmae": ("rMAE", "rMAE"),
    "rmse": ("RMSE", "RMSE"),
    "rmse_without": ("without the 5 worst", "ohne die 5 größten"),
    "smape_pct": ("sMAPE %", "sMAPE %"),
    "bias": ("bias", "Versatz"),
    "slots": ("slots", "Werte"),
    "coverage_pct": ("covers %", "deckt %"),
    "kupiec_p": ("Kupiec p", "Kupiec p"),
    "width": ("width", "Breite"),
    "winkler": ("Winkler", "Winkler"),
    "p_plain": ("p", "p"),
    "p_giacomini_white": ("p, Giacomini and White", "p, Giacomini und White"),
    "p_newey_west": ("p, Newey and West", "p, Newey und West"),
    "cycles.any": ("any cycles", "beliebige Zyklen"),
    "cycles": ("cycle a day", "Zyklus am Tag"),
    "eur_day": ("EUR/day", "EUR/Tag"),
    "share_pct": ("of foresight %", "der Voraussicht %"),
    "gap_pct": ("gap closed %", "Lücke geschlossen %"),
    "Monday": ("Monday", "Montag"),
    "Tuesday": ("Tuesday", "Dienstag"),
    "Wednesday": ("Wednesday", "Mittwoch"),
    "Thursday": ("Thursday", "Donnerstag"),
    "Friday": ("Friday", "Freitag"),
    "Saturday": ("Saturday", "Samstag"),
    "Sunday": ("Sunday", "Sonntag"),
    "below 0": ("below 0", "unter 0"),
    "0 to 50": ("0 to 50", "0 bis 50"),
    "50 to 150": ("50 to 150", "50 bis 150"),
    "150 and above": ("150 and above", "ab 150"),
    "a price of the day is missing": (
        "a price of the day is missing",
        "ein Preis des Tages fehlt",
    ),
    "the clock changes: its quarter-hours are not those of other days": (
        "the clock changes: its quarter-hours are not those of other days",
        "Zeitumstellung: ihre Viertelstunden sind nicht die anderer Tage",
    ),
    "no forecast: a day that it reads has a hole": (
        "no forecast: a day that it reads has a hole",
        "keine Prognose: ein Tag, den sie liest, hat eine Lücke",
    ),
    "data.files": ("Files", "Dateien"),
    "data.price": ("Price", "Preis"),
    "data.inputs": ("Read beside it", "Daneben gelesen"),
    "data.left_out": ("Not read", "Nicht gelesen"),
    "data.history": ("History", "Vorgeschichte"),
    "data.holidays": ("Holidays, as Sundays", "Feiertage, als Sonntage"),
    "data.warm_up": ("Warm-up", "Einschwingen"),
    "data.days_left_out": ("Days left out", "Ausgelassene Tage"),
    "data.clock_changes": ("Clock changes", "Zeitumstellungen"),
    "data.reference": ("Compared with", "Verglichen mit"),
    "data.configuration": ("Configuration", "Konfiguration"),
    "data.code": ("Code", "Programm"),
    "data.digest": ("Digest of the history", "Prüfsumme der Vorgeschichte"),
    "note.errors": (
        "EUR/MWh on the days that a model and the forecast have. rMAE: share of the error of the"
        " same slot a week before; the first week uses what came before the test. sMAPE says"
        " little near prices of zero.",
        "EUR/MWh an den Tagen, die ein Modell und die Prognose haben. rMAE: Anteil am Fehler"
        " desselben Werts der Vorwoche; die erste Woche greift vor den Test zurück. sMAPE sagt bei"
        " Preisen um null wenig.",
    ),
    "note.comparisons": (
        "Small p: the forecast is better than the model of the row, by daily mean errors,"
        " one-sided. The whole matrix is in report.json.",
        "Kleines p: die Prognose ist besser als das Modell der Zeile, nach mittleren Tagesfehlern,"
        " einseitig. Die ganze Matrix steht in report.json.",
    ),
    "note.intervals": (
        "Widths and scores in EUR/MWh. Kupiec: small p means that the coverage is off, slots taken"
        " as independent.",
        "Breiten und Werte in EUR/MWh. Kupiec: kleines p heißt, die Deckung stimmt nicht; die Werte"
        " gelten als unabhängig.",
    ),
    "note.revenue": (
        "Planned on the forecast day by day, paid at the true prices; empty at midnight. Foresight"
        " obeys the same rules, and rules are never mixed. Gap closed: of what the weekly naive"
        " leaves.",
        "Tag für Tag mit der Prognose geplant, zu wahren Preisen bezahlt; um Mitternacht leer. Die"
        " Voraussicht befolgt dieselben Regeln, und Regeln werden nie vermischt. Lücke: was die"
        " Vorwoche liegen lässt.",
    ),
    "note.offers": (
        "Offered as exclusive loops, purchase and sale together: the auction takes the one that its"
        " prices favour most, or none. Never to be compared with one plan a day, which is paid"
        " whatever the prices.",
        "Als exklusive Schleifen geboten, Kauf und Verkauf zugleich: die Auktion nimmt die, die"
        " ihre Preise am meisten begünstigen, oder keine. Nie mit einem Plan am Tag"
        " zu vergleichen, der zu jedem Preis bezahlt wird.",
    ),
    "note.leakage": (
        "Prices of the tested days and all later values were replaced by noise; no bit of the"
        " forecasts may change.",
        "Preise der geprüften Tage und alle späteren Werte wurden durch Rauschen ersetzt; kein Bit"
        " der Prognosen darf sich ändern.",
    ),
}


def word(key: str, language: str) -> str:
    """Return a text of the page; a name that is no key, as a column's, is its own."""
    found = _WORDS.get(key)
    return key if found is None else found[LANGUAGES.index(language)]
