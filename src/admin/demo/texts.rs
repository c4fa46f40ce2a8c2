//! The texts of the demonstration records.

/// The areas, each with matters that come up in it.
pub const AREAS: [(&str, &[&str]); 7] = [
    (
        "IT",
        &[
            "Auslagerung der Informatik an einen privaten Anbieter",
            "Protokollierung der Zugriffe auf Fachanwendungen",
            "Cloud-Dienste in der Verwaltung",
            "Nutzung privater Mobilgeräte im Dienst",
            "Verschlüsselung von E-Mails mit besonders schützenswerten Daten",
            "Berechtigungskonzept der Geschäftsverwaltung",
            "Fernwartung durch Lieferanten",
            "Löschung von Daten beim Ersatz von Geräten",
            "Elektronische Stimmabgabe",
        ],
    ),
    (
        "POLICE",
        &[
            "Einsicht in Polizeiakten",
            "Videoüberwachung beim Entsorgungsplatz",
            "Videoüberwachung am Bahnhof",
            "Bekanntgabe von Daten zwischen Polizei und Sozialamt",
            "Löschung eines Eintrags im Polizeirapport",
            "Drohnenaufnahmen über dem Siedlungsgebiet",
            "Auskunft über Einträge im Schengener Informationssystem",
            "Verkehrskontrolle mit Kennzeichenerkennung",
        ],
    ),
    (
        "EDUCATION",
        &[
            "Cloud-Dienste an der Volksschule",
            "Klassenlisten und Fotos auf der Schulwebsite",
            "Weitergabe von Abklärungen des schulpsychologischen Dienstes",
            "Videoüberwachung beim Schulhaus",
            "Akteneinsicht der Eltern nach einem Schulwechsel",
            "Elektronische Absenzenkontrolle",
            "Bekanntgabe von Prüfungsresultaten",
            "Umfrage einer Hochschule unter Lernenden",
        ],
    ),
    (
        "SOCIAL",
        &[
            "Akteneinsicht beim Sozialdienst",
            "Datenaustausch zwischen Sozialamt und Steueramt",
            "Vollmacht für das Einholen von Auskünften",
            "Weitergabe von Akten an die Kindes- und Erwachsenenschutzbehörde",
            "Bekanntgabe von Adressen an ein Hilfswerk",
            "Sozialinspektion und Observation",
            "Aufbewahrung von Vormundschaftsakten",
            "Meldung an die Invalidenversicherung",
        ],
    ),
    (
        "PRIVATE",
        &[
            "Videoüberwachung durch Nachbarn",
            "Auskunft bei einer Wirtschaftsauskunftei",
            "Veröffentlichung eines Fotos im Internet",
            "Mieterdaten auf dem Anmeldeformular",
            "Überwachung am Arbeitsplatz",
            "Werbung trotz Sperrvermerk",
            "Datenbekanntgabe durch einen Verein",
            "Löschung eines Eintrags bei einer Suchmaschine",
        ],
    ),
    (
        "HEALTH",
        &[
            "Herausgabe einer Krankengeschichte",
            "Schweigepflicht im Spital gegenüber Versicherern",
            "Elektronisches Patientendossier",
            "Zugriffsrechte im Klinikinformationssystem",
            "Aufbewahrung von Patientenakten nach einer Praxisaufgabe",
            "Forschung mit Patientendaten",
            "Meldung an das Krebsregister",
            "Datenaustausch zwischen Spitex und Hausarzt",
        ],
    ),
    (
        "OTHER",
        &[
            "Adressauskunft der Einwohnerkontrolle",
            "Veröffentlichung von Baugesuchen im Internet",
            "Bekanntgabe von Steuerdaten",
            "Einsicht in Gemeinderatsprotokolle",
            "Listenauskunft an politische Parteien",
            "Archivierung von Personaldossiers",
            "Datensammlung der Kirchgemeinde",
            "Geodaten und Grundbuch im Internet",
            "Auskunft über die eigenen Daten",
            "Öffentlichkeitsprinzip und Personendaten",
        ],
    ),
];

/// Consultations on drafts of laws.
pub const CONSULTATIONS: &[&str] = &[
    "Vernehmlassung zur Änderung des Polizeigesetzes",
    "Vernehmlassung zum Informatikgesetz",
    "Vernehmlassung zur Verordnung über die Videoüberwachung",
    "Vernehmlassung zum Volksschulbildungsgesetz",
    "Vernehmlassung zum Sozialhilfegesetz",
    "Vernehmlassung zur Umsetzung der Datenschutzreform des Bundes",
];

/// Motions in parliament.
pub const MOTIONS: &[&str] = &[
    "Postulat über den Umgang mit Personendaten in sozialen Medien",
    "Anfrage über die Zugriffe auf das Einwohnerregister",
    "Motion über das Öffentlichkeitsprinzip",
    "Postulat über Körperkameras bei der Polizei",
];

/// Municipalities.
pub const MUNICIPALITIES: &[&str] = &[
    "Emmen",
    "Kriens",
    "Horw",
    "Sursee",
    "Hochdorf",
    "Willisau",
    "Ebikon",
    "Meggen",
    "Malters",
    "Rothenburg",
    "Root",
    "Entlebuch",
    "Escholzmatt-Marbach",
    "Dagmersellen",
    "Reiden",
    "Buchrain",
    "Weggis",
    "Schüpfheim",
    "Beromünster",
];

/// Departments and offices of the canton.
pub const DEPARTMENTS: &[&str] = &[
    "Bildungs- und Kulturdepartement",
    "Gesundheits- und Sozialdepartement",
    "Justiz- und Sicherheitsdepartement",
    "Finanzdepartement",
    "Bau-, Umwelt- und Wirtschaftsdepartement",
    "Staatskanzlei",
    "Luzerner Polizei",
    "Dienststelle Informatik",
];

/// Projects.
pub const PROJECTS: &[&str] = &[
    "Elektronisches Patientendossier",
    "Neue Geschäftsverwaltung der Dienststellen",
    "Kantonale Einwohnerplattform",
    "Elektronischer Rechtsverkehr der Gerichte",
    "Schulverwaltungslösung der Volksschulen",
    "Erneuerung des Klinikinformationssystems",
    "E-Government-Portal",
    "Objekt- und Gebäuderegister",
    "Identitäts- und Berechtigungsverwaltung",
    "Digitale Baubewilligung",
    "Einführung einer Mobilgeräteverwaltung",
    "Data Warehouse der Steuerverwaltung",
];

/// The titles of trainings and lectures.
pub const LECTURES: &[&str] = &[
    "Datenschutz in der Schule",
    "Datenschutz in der Gemeindeverwaltung",
    "Schweigepflicht im Sozialdienst",
    "Neues europäisches Datenschutzrecht",
    "Datenschutz im Spital",
];

/// Those to whom they are given.
pub const AUDIENCES: &[&str] =
    &["Schulleitungen", "Gemeindeschreiber", "Mitarbeitende der Sozialdienste", "Lernende", "Kader"];

/// Media outlets, each with its medium.
pub const OUTLETS: [(&str, &str); 6] = [
    ("Regionalzeitung", "PRINT"),
    ("Wochenblatt", "PRINT"),
    ("Onlineportal", "ONLINE"),
    ("Lokalradio", "RADIO"),
    ("Regionalfernsehen", "TV"),
    ("Nachrichtenagentur", "AGENCY"),
];

/// The topics of media requests.
pub const TOPICS: &[&str] =
    &["Drohnen", "Videoüberwachung", "Soziale Medien", "E-Voting", "Patientendaten", "Cloud in der Schule"];

/// The names of persons, all invented.
pub const NAMES: &[&str] = &["A. Muster", "B. Beispiel", "C. Probst", "D. Vogel", "E. Meister", "F. Huber"];
