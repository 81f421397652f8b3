//! The binary itself, as administrators script it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use guichet::carriers::{Handover, Reason};
use guichet::values::Clock;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use crate::support::app::peer;
use crate::support::{App, Voter, on_both, voter};

const SECRET: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

struct Machine {
    folder: TempDir,
    database: String,
}

impl Machine {
    fn new(database: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let database =
            database.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("data/guichet.sqlite").display()));
        Self { folder, database }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("ROCKET_PROFILE", "release")
            .env("GUICHET_PORTAL__SECRET", SECRET)
            .env("GUICHET_DATABASE__URL", &self.database);
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(self.command(arguments).output().unwrap())
    }

    fn file(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const ELECTION: &str = r#"
name = "Élections professionnelles 2026"
reissue_opens = 2096-11-23T10:00:00+01:00
reissue_closes = 2096-12-03T17:00:00+01:00
max_identifiers = 3
max_failed_checks = 3
territories = ["FR","GP"]
support = { phone = "01 23 45 67 89", email = "assistance@example.fr", hours = "de 9 h à 18 h" }
"#;

fn administer(machine: &Machine) {
    let (status, _, reason) = machine.run(&["serve"]);
    assert_eq!(status, 1, "an empty database is not served");
    if machine.database.starts_with("sqlite:") {
        assert!(reason.contains("n’existe pas. Êtes-vous dans le bon dossier ?"), "{reason}");
        assert!(!machine.folder.path().join("data").exists(), "and none is made");
    }
    assert_eq!(machine.run(&["migrate"]).0, 0);
    assert_eq!(machine.run(&["migrate"]).0, 0);
    machine.file("election.toml", ELECTION);
    assert_eq!(machine.run(&["election", "add", "election.toml"]), (0, "1\n".into(), String::new()));
    machine.file("bad.toml", &ELECTION.replace("2096-12-03", "2096-11-03"));
    let (status, _, reason) = machine.run(&["election", "add", "bad.toml"]);
    assert!(status == 1 && reason.contains("reissue_closes"), "{reason}");

    let lines: Vec<_> = (0..3).map(|n| voter(n).line()).collect();
    machine.file("roll.csv", &format!("{}\n{}\npas un électeur\n", Voter::HEADER, lines.join("\n")));
    let import = ["roll", "import", "--election", "1", "roll.csv", "--report", "refused.csv"];
    let (status, said, _) = machine.run(&[&import[..], &["--dry-run"]].concat());
    assert!(status == 0 && said.starts_with("3 ajoutés, 0 modifiés, 0 inchangés, 1 lignes refusées (essai"), "{said}");
    let (_, said, _) = machine.run(&import);
    assert!(said.starts_with("3 ajoutés"), "{said}");
    let (_, said, _) = machine.run(&import);
    assert!(said.starts_with("0 ajoutés, 0 modifiés, 3 inchangés"), "{said}");
    assert_eq!(
        machine.read("refused.csv"),
        "ligne;colonne;valeur;motif\n5;;;nombre de colonnes différent de l’en-tête\n"
    );
    assert_eq!(machine.run(&["roll", "import", "--election", "9", "roll.csv"]).0, 1);
    assert_eq!(machine.run(&["roll", "import", "--election", "1", "absent.csv"]).0, 1);

    let export = ["election", "export", "--election", "1", "--to", "identifiers.csv", "--key-to", "key.hex"];
    assert_eq!(machine.run(&export).0, 0);
    assert!(machine.read("identifiers.csv").starts_with("digest,voter,ballots,state,sequence,generation,since\n#end "));
    assert_eq!(machine.read("key.hex").trim().len(), 64);
    assert_eq!(machine.run(&["election", "export", "--election", "9", "--to", "x.csv"]).0, 1);
    assert!(!Path::new(machine.folder.path()).join("x.csv").exists());
    let twice = ["election", "export", "--election", "1", "--to", "same", "--key-to", "same"];
    assert_eq!(machine.run(&twice).0, 1);

    let roll = machine.read("roll.csv");
    let itself = ["roll", "import", "--election", "1", "roll.csv", "--report", "./roll.csv"];
    assert_eq!((machine.run(&itself).0, machine.read("roll.csv")), (1, roll), "a report never replaces the roll");

    // Under another master secret nobody would be recognised.
    let other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    for arguments in [&["serve"][..], &import, &export, &["migrate"], &["election", "add", "election.toml"]] {
        let answer = machine.command(arguments).env("GUICHET_PORTAL__SECRET", other).output().unwrap();
        let (status, _, reason) = told(answer);
        assert!(status == 1 && reason.contains("un autre secret"), "{arguments:?}: {reason}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_personal_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new(None);
    machine.file("key.hex", "an older one");
    administer(&machine);
    for name in ["key.hex", "refused.csv", "data/guichet.sqlite"] {
        let mode = std::fs::metadata(machine.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_election_is_prepared_on_sqlite() {
    administer(&Machine::new(None));
}

#[tokio::test]
async fn an_election_is_prepared_on_postgres() {
    if let Some(server) = peer("GUICHET_TEST_POSTGRES", "command_line::an_election_is_prepared_on_postgres") {
        let machine = Machine::new(Some(crate::support::app::create_database(&server).await));
        tokio::task::spawn_blocking(move || administer(&machine)).await.unwrap();
    }
}

#[test]
fn settings_are_shown_without_secrets_and_faults_are_told_one_by_one() {
    let machine = Machine::new(None);
    let (status, shown, _) = machine.run(&["settings"]);
    assert_eq!(status, 0);
    assert!(shown.contains("portal.secret = \"(caché)\"") && !shown.contains(SECRET));
    assert!(shown.contains("populations.electors.link_minutes = 1440"));
    let listening = "address = \"127.0.0.1\"\nport = 8000\nip_header = false\nGUICHET_LOG = \"guichet=info\"\n";
    assert!(shown.contains(listening), "{shown}");
    let elsewhere = [("ROCKET_ADDRESS", "0.0.0.0"), ("ROCKET_PORT", "81"), ("ROCKET_IP_HEADER", "X-Real-IP")];
    let elsewhere = machine.command(&["settings"]).envs(elsewhere).env("GUICHET_LOG", "guichet=debug").output();
    let listening = "address = \"0.0.0.0\"\nport = 81\nip_header = \"X-Real-IP\"\nGUICHET_LOG = \"guichet=debug\"\n";
    assert!(told(elsewhere.unwrap()).1.contains(listening));

    for url in ["postgres://a:geheim@b/c", "postgres://a@b/c?password=geheim", "postgres://a:pa/geheim@b/c"] {
        let (_, shown, faults) =
            told(machine.command(&["settings"]).env("GUICHET_DATABASE__URL", url).output().unwrap());
        assert!(!shown.contains("geheim") && !faults.contains("geheim"), "{shown}{faults}");
    }
    let number = [("GUICHET_SMS__CARRIER", "twilio"), ("GUICHET_SMS__TWILIO__ACCOUNT_SID", "AC1")];
    let number = machine
        .command(&["settings"])
        .envs(number)
        .env("GUICHET_SMS__TWILIO__AUTH_TOKEN", "jeton")
        .env("GUICHET_SMS__TWILIO__FROM", "+33644637111")
        .env("GUICHET_LOG", "guichet=debug")
        .output();
    let (status, shown, faults) = told(number.unwrap());
    assert!(status == 0 && shown.contains("\"+33644637111\""), "{faults}");
    for (url, shown_as) in [
        ("https://vote.example.fr:443", "https://vote.example.fr"),
        ("HTTPS://Vote.Example.fr/", "https://vote.example.fr"),
    ] {
        let (_, shown, _) =
            told(machine.command(&["settings"]).env("GUICHET_PORTAL__PUBLIC_URL", url).output().unwrap());
        assert!(shown.contains(&format!("portal.public_url = \"{shown_as}\"")), "{shown}");
    }
    let behind = machine.command(&["settings"]).env("GUICHET_PORTAL__PUBLIC_URL", "https://vote.example.fr").output();
    let (status, _, doubts) = told(behind.unwrap());
    assert!(status == 0 && doubts.contains("Attention : ip_header n’est pas réglé"), "{doubts}");
    let many = [("GUICHET_MAIL__CARRIER", "pigeon"), ("GUICHET_SMS__CARRIER", "pigeon"), ("ROCKET_PORT", "abc")];
    let (status, _, faults) = told(machine.command(&["settings"]).envs(many).output().unwrap());
    assert_eq!((status, faults.lines().count()), (2, 3), "{faults}");

    for (name, value, fault) in [
        ("GUICHET_PORTAL__SECRET", "short", "portal.secret"),
        ("GUICHET_PORTAL__PUBLIC_URL", "vote.example.fr", "portal.public_url"),
        ("GUICHET_PORTAL__PUBLIK_URL", "https://vote.example.fr", "publik_url"),
        ("GUICHET_PORTALE__SECRET", "x", "PORTALE__SECRET"),
        ("GUICHET_DATABASE__URL", "mysql://a", "database.url"),
        ("GUICHET_MAIL__CARRIER", "pigeon", "mail.carrier"),
        ("GUICHET_MAIL__CARRIER", "smtp", "mail.smtp_url"),
        ("GUICHET_MAIL__BOUNCES", "rebonds", "mail.bounces"),
        ("GUICHET_MAIL__BOUNCES", "a+b@example.fr", "mail.bounces"),
        ("GUICHET_MAIL__BOUNCES", "le-service-des-courriels-revenus@example.fr", "mail.bounces"),
        ("GUICHET_PORTAL__PUBLIC_URL", "https://vote.example.fr/#x", "portal.public_url"),
        ("GUICHET_PORTAL__PUBLIC_URL", "https://a:b@vote.example.fr", "portal.public_url"),
        ("GUICHET_SMS__FALLBACKS", "[\"secours\"]", "sms.gateways.secours"),
        ("ROCKET_PORT", "abc", "port"),
        ("GUICHET_SMS__CARRIER", "twilio", "sms.twilio.auth_token"),
        ("GUICHET_CAPTCHA__FIXED_ANSWER", "abcde", "captcha.fixed_answer"),
        ("GUICHET_POPULATIONS__ELECTORS__LINK_MINUTES", "1441", "link_minutes"),
        ("GUICHET_POPULATIONS__ELECTORS__PASSWORD", "{ min_length = 4 }", "password"),
        ("GUICHET_PASSWORD_HASH__MEMORY_KIB", "1", "password_hash"),
        ("GUICHET_PASSWORD_HASH__MEMORY_KIB", "4294967295", "password_hash"),
        ("GUICHET_PASSWORD_HASH__ITERATIONS", "4294967295", "password_hash"),
        ("GUICHET_THROTTLE__IPV6_PREFIX", "65", "throttle.ipv6_prefix"),
        ("GUICHET_PORTAL__SECRET", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "portal.secret"),
        ("GUICHET_LOG", "guichet=debgu", "GUICHET_LOG"),
        ("ROCKET_PROT", "8001", "ROCKET_PROT"),
        ("ROCKET_IP_HEADER", "X-Forwarded-For", "ip_header"),
        ("ROCKET_PROFILE", "production", "ROCKET_PROFILE"),
    ] {
        let (status, _, faults) = told(machine.command(&["settings"]).env(name, value).output().unwrap());
        assert_eq!(status, 2, "{name}={value}: {faults}");
        assert!(faults.lines().any(|line| line.contains(fault)), "{name}={value}: {faults}");
        assert!(!faults.contains(SECRET));
    }
    for (text, fault) in [
        ("[release.mial]\ncarrier = 'file'\n", "[release.mial] est une section inconnue"),
        ("[relaese.mail]\ncarrier = 'file'\n", "[relaese] n’est pas un profil"),
    ] {
        machine.file("Rocket.toml", text);
        let (status, _, faults) = machine.run(&["settings"]);
        assert!(status == 2 && faults.lines().count() == 1 && faults.contains(fault), "{faults}");
    }
    machine.file("Rocket.toml", "[release]\nworkers = 2\n[release.limits]\nform = '16KiB'\n");
    assert_eq!(machine.run(&["settings"]).0, 0, "Rocket's own settings are allowed");
    let policy = "{ min_length = 12, max_length = 64, required = [\"lower\", \"upper\", \"digit\", \"symbol\"] }";
    let stricter = machine.command(&["settings"]).env("GUICHET_POPULATIONS__ELECTORS__PASSWORD", policy).output();
    assert!(told(stricter.unwrap()).1.contains("min_length = 12"));
}

on_both! {
    async fn operators_see_what_waits_or_failed_and_hurry_it(app: App) {
        app.open_the_window().await;
        // The process reads the real clock.
        app.wait(Clock::System.now() - app.portal.now());
        app.enrol(&[voter(1), voter(2)]).await;
        for (n, answer) in [
            (1, Handover::Refused(Reason::Number.with("21211"))),
            (2, Handover::Later { failure: Reason::Outage.with("503"), after: None }),
        ] {
            let browser = app.browser();
            browser.arrive(&app, &voter(n)).await;
            app.sms_answers(vec![answer]);
            browser.ask_identifier(&voter(n), &format!("06 12 34 56 7{n}")).await.expect(200, "issued");
            app.drain().await;
        }
        let (status, listed, _) = told(app.command().args(["outbox", "list"]).output().unwrap());
        let lines: Vec<_> = listed.lines().map(|line| line.split(';').collect::<Vec<_>>()).collect();
        let shown = |line: &[&str]| [line[1], line[2], line[3], line[4], line[8], line[9]].join(";");
        assert_eq!((status, lines.len()), (0, 4), "{listed}");
        assert_eq!(shown(&lines[1]), "SMS;identifier;refusé;1;ce numéro ne reçoit pas de SMS;21211");
        assert_eq!(shown(&lines[2]), "SMS;identifier;en attente;1;panne ou refus passager du transporteur;503");
        assert_eq!(listed.lines().last(), Some("1 en attente, 1 en échec"));
        assert!(!listed.contains("06 12") && !listed.contains("+336"), "{listed}");

        app.drain().await;
        assert!(app.sms().is_empty(), "its next try is not yet due");
        let (status, said, _) = told(app.command().args(["outbox", "retry"]).output().unwrap());
        assert_eq!((status, said.as_str()), (0, "messages relancés : 1\n"));
        // However slow the machine was meanwhile.
        app.wait(chrono::Duration::seconds(60));
        app.drain().await;
        assert_eq!(app.sms().len(), 1);
        let (_, listed, _) = told(app.command().args(["outbox", "list"]).output().unwrap());
        assert_eq!(listed.lines().last(), Some("0 en attente, 1 en échec"));
    }
}

on_both! {
    async fn secretariats_are_told_whose_mailbox_refuses_mail(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let refused = "UPDATE account SET mailbox_fault = 'full', mailbox_fault_at = '2026-11-20 09:00:00+00:00' WHERE email LIKE '%1@%'";
        app.portal.db.execute_unprepared(refused).await.unwrap();
        let (status, listed, _) = told(app.command().args(["bounces", "list"]).output().unwrap());
        assert_eq!(status, 0);
        let lines = listed.replace('\u{a0}', " ");
        assert_eq!(
            lines,
            "uai;etablissement;nom;prenoms;courriel;boite;depuis\n\
             0990001A;Collège 0990001A;Ormeau1;Dominique;d.ormeau1@ac-valmont.example;pleine;vendredi 20 novembre 2026 à 10 h 00\n"
        );
        let (status, _, reason) = told(app.command().args(["bounces", "read", "."]).output().unwrap());
        assert!(status == 1 && reason.contains("n’est pas un maildir"), "{reason}");
        for part in ["maildir/new", "maildir/cur"] {
            std::fs::create_dir_all(app.folder.path().join(part)).unwrap();
        }
        app.file("maildir/new/1", b"Subject: Absence\n\nEn conge.");
        let (status, said, _) = told(app.command().args(["bounces", "read", "maildir"]).output().unwrap());
        assert!(status == 0 && said.ends_with("laissés non lus dans cur : 1\n"), "{said}");
    }
}

#[test]
fn a_place_where_no_database_can_be_written_is_told_plainly() {
    let machine = Machine::new(None);
    for (url, status) in [("sqlite:///proc/guichet/x.sqlite", 1), ("sqlite://.", 2), ("sqlite::memory:", 2)] {
        let answer = machine.command(&["migrate"]).env("GUICHET_DATABASE__URL", url).output().unwrap();
        let (ended, _, reason) = told(answer);
        assert!(ended == status && reason.contains("écrire"), "{url}: {ended} {reason}");
    }
}

#[test]
fn bad_usage_ends_with_2_and_help_fits_a_screen() {
    let machine = Machine::new(None);
    assert_eq!(machine.run(&["vote"]).0, 2);
    assert_eq!(machine.run(&["roll", "import", "roll.csv"]).0, 2);
    let (status, help, _) = machine.run(&["--help"]);
    assert!(status == 0 && help.lines().count() <= 24);
}

#[test]
fn a_demonstration_starts_from_nothing_and_goes_on_where_it_was() {
    let machine = Machine::new(None);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let start = || {
        let mut demo = machine.command(&["demo", "--dir", "demo", "--port", &port.to_string()]);
        let said = std::fs::File::create(machine.folder.path().join("said")).unwrap();
        Demo(demo.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap())
    };
    let first = start();
    let home = get(port, "/");
    assert!(home.contains("data-outcome") || home.contains("200 OK"), "{home}");
    let roll = machine.read("demo/liste-electorale.csv");
    let address = roll.lines().nth(1).unwrap().split(';').nth(4).unwrap();
    assert!(home.contains(address), "the home page says whom to try");
    let until = Instant::now() + Duration::from_secs(10);
    while !machine.read("said").contains(address) {
        assert!(Instant::now() < until, "and so does the terminal");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(get(port, "/demo/messages").contains("200 OK"));
    drop(first);
    let secret = machine.read("demo/secret");
    let second = start();
    assert!(get(port, "/readyz").contains("ready"));
    assert_eq!((machine.read("demo/secret"), machine.read("demo/liste-electorale.csv")), (secret, roll));
    drop(second);
}

/// A process that ends with its test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// An answer as it came, once the port answers.
fn get(port: u16, path: &str) -> String {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(mut socket) = TcpStream::connect(("127.0.0.1", port)) {
            write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            if socket.read_to_string(&mut answer).is_ok() && !answer.is_empty() {
                return answer;
            }
        }
        assert!(Instant::now() < until, "the portal did not open");
        std::thread::sleep(Duration::from_millis(50));
    }
}
