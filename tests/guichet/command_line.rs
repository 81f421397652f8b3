//! The binary itself, as administrators script it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::app::peer;
use crate::support::{Voter, voter};

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
reissue_opens = 2026-11-23T10:00:00+01:00
reissue_closes = 2026-12-03T17:00:00+01:00
max_identifiers = 3
max_failed_checks = 3
territories = ["FR","GP"]
support = { phone = "01 23 45 67 89", email = "assistance@example.fr", hours = "de 9 h à 18 h" }
"#;

fn administer(machine: &Machine) {
    assert_eq!(machine.run(&["serve"]).0, 1, "an empty database is not served");
    assert_eq!(machine.run(&["migrate"]).0, 0);
    assert_eq!(machine.run(&["migrate"]).0, 0);
    machine.file("election.toml", ELECTION);
    assert_eq!(machine.run(&["election", "add", "election.toml"]), (0, "1\n".into(), String::new()));
    machine.file("bad.toml", &ELECTION.replace("2026-12-03", "2026-11-03"));
    let (status, _, reason) = machine.run(&["election", "add", "bad.toml"]);
    assert!(status == 1 && reason.contains("reissue_closes"), "{reason}");

    let lines: Vec<_> = (0..3).map(|n| voter(n).line()).collect();
    machine.file("roll.csv", &format!("{}\n{}\npas un électeur\n", Voter::HEADER, lines.join("\n")));
    let import = ["roll", "import", "--election", "1", "roll.csv", "--report", "refused.csv"];
    let (status, told, _) = machine.run(&[&import[..], &["--dry-run"]].concat());
    assert!(status == 0 && told.starts_with("3 ajoutés, 0 modifiés, 0 inchangés, 1 lignes refusées (essai"), "{told}");
    let (_, told, _) = machine.run(&import);
    assert!(told.starts_with("3 ajoutés"), "{told}");
    let (_, told, _) = machine.run(&import);
    assert!(told.starts_with("0 ajoutés, 0 modifiés, 3 inchangés"), "{told}");
    assert_eq!(
        machine.read("refused.csv"),
        "ligne;colonne;valeur;motif\n5;;;nombre de colonnes différent de l’en-tête\n"
    );
    assert_eq!(machine.run(&["roll", "import", "--election", "9", "roll.csv"]).0, 1);
    assert_eq!(machine.run(&["roll", "import", "--election", "1", "absent.csv"]).0, 1);

    let export = ["election", "export", "--election", "1", "--to", "identifiers.csv", "--key-to", "key.hex"];
    assert_eq!(machine.run(&export).0, 0);
    assert_eq!(machine.read("identifiers.csv"), "digest,state,sequence\n");
    assert_eq!(machine.read("key.hex").trim().len(), 64);
    assert_eq!(machine.run(&["election", "export", "--election", "9", "--to", "x.csv"]).0, 1);
    assert!(!Path::new(machine.folder.path()).join("x.csv").exists());
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

    let with_password = machine.command(&["settings"]).env("GUICHET_DATABASE__URL", "postgres://a:geheim@b/c").output();
    assert!(!told(with_password.unwrap()).1.contains("geheim"));

    for (name, value, fault) in [
        ("GUICHET_PORTAL__SECRET", "short", "portal.secret"),
        ("GUICHET_PORTAL__PUBLIC_URL", "vote.example.fr", "portal.public_url"),
        ("GUICHET_PORTAL__PUBLIK_URL", "https://vote.example.fr", "publik_url"),
        ("GUICHET_PORTALE__SECRET", "x", "PORTALE__SECRET"),
        ("GUICHET_DATABASE__URL", "mysql://a", "database.url"),
        ("GUICHET_MAIL__CARRIER", "pigeon", "mail.carrier"),
        ("GUICHET_MAIL__CARRIER", "smtp", "mail.smtp_url"),
        ("GUICHET_SMS__CARRIER", "twilio", "sms.twilio.auth_token"),
        ("GUICHET_CAPTCHA__FIXED_ANSWER", "abcde", "captcha.fixed_answer"),
        ("GUICHET_POPULATIONS__ELECTORS__LINK_MINUTES", "1441", "link_minutes"),
        ("GUICHET_POPULATIONS__ELECTORS__PASSWORD", "{ min_length = 4 }", "password"),
        ("GUICHET_PASSWORD_HASH__MEMORY_KIB", "1", "password_hash"),
        ("ROCKET_PROFILE", "production", "ROCKET_PROFILE"),
    ] {
        let (status, _, faults) = told(machine.command(&["settings"]).env(name, value).output().unwrap());
        assert_eq!(status, 2, "{name}={value}: {faults}");
        assert!(faults.lines().any(|line| line.contains(fault)), "{name}={value}: {faults}");
        assert!(!faults.contains(SECRET));
    }
    let policy = "{ min_length = 12, max_length = 64, required = [\"lower\", \"upper\", \"digit\", \"symbol\"] }";
    let stricter = machine.command(&["settings"]).env("GUICHET_POPULATIONS__ELECTORS__PASSWORD", policy).output();
    assert!(told(stricter.unwrap()).1.contains("min_length = 12"));
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
        Demo(demo.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let first = start();
    let home = get(port, "/");
    assert!(home.contains("data-outcome") || home.contains("200 OK"), "{home}");
    let roll = machine.read("demo/liste-electorale.csv");
    let address = roll.lines().nth(1).unwrap().split(';').nth(4).unwrap();
    assert!(home.contains(address), "the home page says whom to try");
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
