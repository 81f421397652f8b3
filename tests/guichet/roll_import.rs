//! Importing rolls, as schools' software writes them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Output, Stdio};

use encoding_rs::WINDOWS_1252;
use guichet::roll::import::Summary;

use crate::support::{App, PASSWORD, Voter, on_both, voter};

fn csv(voters: &[Voter]) -> String {
    voters.iter().fold(format!("{}\n", Voter::HEADER), |mut text, voter| {
        let _ = writeln!(text, "{}", voter.line());
        text
    })
}

fn summary(added: u64, updated: u64, unchanged: u64, refused: u64) -> Summary {
    Summary { added, updated, unchanged, refused, moved: 0, passed: 0, renamed: 0 }
}

on_both! {
    async fn importing_twice_changes_nothing_and_a_changed_file_updates(app: App) {
        let mut voters: Vec<_> = (0..2500).map(voter).collect();
        let first = app.import(&app.election, csv(&voters).as_bytes(), false).await.unwrap();
        assert_eq!(first, (summary(2500, 0, 0, 0), vec![]));
        let again = app.import(&app.election, csv(&voters).as_bytes(), false).await.unwrap();
        assert_eq!(again, (summary(0, 0, 2500, 0), vec![]));

        voters[3].last_name = "Peuplier".into();
        voters[1700].email = "nouvelle.adresse@ac-valmont.example".into();
        voters[9].birthdate = "14/07/1971".into();
        voters[10].numen = voter(90_000).numen;
        voters.push(voter(2500));
        let dry = app.import(&app.election, csv(&voters).as_bytes(), true).await.unwrap();
        assert_eq!(dry.0, Summary { moved: 1, ..summary(1, 4, 2496, 0) });
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 2500, "a dry run writes nothing");
        let changed = app.import(&app.election, csv(&voters).as_bytes(), false).await.unwrap();
        assert_eq!(changed.0, Summary { moved: 1, ..summary(1, 4, 2496, 0) });
        let again = app.import(&app.election, csv(&voters).as_bytes(), false).await.unwrap();
        assert_eq!(again.0, summary(0, 0, 2501, 0));
        // What a voter has on their account lives on.
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 2501);
        // Nobody is removed silently.
        let few = app.import(&app.election, csv(&voters[..10]).as_bytes(), false).await.unwrap();
        assert_eq!(few.0, summary(0, 0, 10, 0));
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 2501);
    }
}

on_both! {
    async fn a_file_reads_the_same_in_every_encoding(app: App) {
        let mut accented = voter(1);
        accented.last_name = "Lefèvre-Œillet".into();
        let text = csv(&[accented]);
        let (windows, ..) = WINDOWS_1252.encode(&text);
        let with_bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let crlf = text.replace('\n', "\r\n");
        let commas = text.replace(';', ",");
        app.import(&app.election, text.as_bytes(), false).await.unwrap();
        for content in [&windows[..], &with_bom, crlf.as_bytes(), commas.as_bytes(), text.trim_end().as_bytes()] {
            let (counted, faults) = app.import(&app.election, content, false).await.unwrap();
            assert_eq!((counted, faults), (summary(0, 0, 1, 0), vec![]));
        }
    }
}

on_both! {
    async fn bad_lines_are_told_and_stop_nothing(app: App) {
        let mut bad = voter(2);
        bad.numen = "12E34".into();
        let mut twin = voter(3);
        twin.email = voter(1).email;
        let mut text = csv(&[voter(1), bad, twin, voter(1), voter(4)]);
        let long = "x".repeat(100_000);
        let _ = write!(text, "\"{}\n\n{long}\n{}\n", voter(5).line(), voter(6).line());
        let (counted, faults) = app.import(&app.election, text.as_bytes(), false).await.unwrap();
        assert_eq!(counted, summary(3, 0, 0, 5));
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column)).collect();
        assert_eq!(told, [(3, "numen"), (4, "courriel"), (5, "numen"), (5, "courriel"), (7, ""), (9, "")]);
        assert!(faults.iter().all(|fault| !fault.value.contains("E34") && !fault.value.contains(&voter(1).numen)));
    }
}

on_both! {
    async fn an_address_never_passes_to_another_voter_by_itself(app: App) {
        app.import(&app.election, csv(&[voter(1), voter(2)]).as_bytes(), false).await.unwrap();
        let mut moved = voter(1);
        moved.email = voter(2).email;
        let mut newcomer = voter(3);
        newcomer.email = voter(1).email;
        let (counted, faults) = app.import(&app.election, csv(&[moved, newcomer]).as_bytes(), false).await.unwrap();
        assert_eq!((counted.refused, counted.added, counted.updated), (2, 0, 0));
        assert!(faults.iter().all(|fault| fault.column == "courriel" && fault.reason.contains("autre électeur")));
    }
}

on_both! {
    async fn a_corrected_numen_needs_the_same_person(app: App) {
        let paul = voter(1);
        app.import(&app.election, csv(std::slice::from_ref(&paul)).as_bytes(), false).await.unwrap();
        let mut marie = voter(2);
        marie.email = paul.email.clone();
        marie.last_name = paul.last_name.clone();
        let (counted, _) = app.import(&app.election, csv(&[marie.clone()]).as_bytes(), false).await.unwrap();
        assert_eq!(counted, summary(0, 0, 0, 1), "a namesake at the same address is another person");
        let mut corrected = paul.clone();
        corrected.numen = voter(9).numen;
        let (counted, _) = app.import(&app.election, csv(&[corrected]).as_bytes(), false).await.unwrap();
        assert_eq!(counted, summary(0, 1, 0, 0));
    }
}

on_both! {
    async fn an_address_left_further_down_is_free_in_the_same_import(app: App) {
        let (one, two) = (voter(1), voter(2));
        app.import(&app.election, csv(&[one.clone(), two.clone()]).as_bytes(), false).await.unwrap();
        let (mut first, mut second, mut third) = (one.clone(), two.clone(), voter(3));
        third.email = one.email.clone();
        first.email = two.email.clone();
        second.email = "nouvelle@ac-valmont.example".into();
        let changed = csv(&[third, first, second]);
        let dry = app.import(&app.election, changed.as_bytes(), true).await.unwrap();
        assert_eq!(dry, (Summary { moved: 2, passed: 2, ..summary(1, 2, 0, 0) }, vec![]));
        let done = app.import(&app.election, changed.as_bytes(), false).await.unwrap();
        assert_eq!(done, (Summary { moved: 2, passed: 2, ..summary(1, 2, 0, 0) }, vec![]));
        let again = app.import(&app.election, changed.as_bytes(), false).await.unwrap();
        assert_eq!(again.0, summary(0, 0, 3, 0));
    }
}

on_both! {
    async fn two_lines_for_one_voter_stop_nothing(app: App) {
        let one = voter(1);
        app.import(&app.election, csv(std::slice::from_ref(&one)).as_bytes(), false).await.unwrap();
        let (mut moved, mut renumbered) = (one.clone(), one.clone());
        moved.email = "nouvelle@ac-valmont.example".into();
        renumbered.numen = voter(9).numen;
        let text = csv(&[moved, renumbered, voter(4)]);
        let (counted, faults) = app.import(&app.election, text.as_bytes(), false).await.unwrap();
        assert_eq!((counted, faults), (Summary { moved: 1, passed: 1, ..summary(2, 1, 0, 0) }, vec![]));
        let again = app.import(&app.election, text.as_bytes(), false).await.unwrap();
        assert_eq!(again.0, summary(0, 0, 3, 0));
    }
}

on_both! {
    async fn a_renamed_establishment_is_told(app: App) {
        let text = csv(&[voter(1)]);
        app.import(&app.election, text.as_bytes(), false).await.unwrap();
        let renamed = text.replace("Collège", "Cité scolaire");
        assert_ne!(renamed, text);
        for dry_run in [true, false] {
            let (counted, _) = app.import(&app.election, renamed.as_bytes(), dry_run).await.unwrap();
            assert_eq!(counted, Summary { renamed: 1, ..summary(0, 0, 1, 0) });
        }
        let (counted, _) = app.import(&app.election, renamed.as_bytes(), false).await.unwrap();
        assert_eq!(counted, summary(0, 0, 1, 0));
    }
}

on_both! {
    async fn an_interrupted_import_is_completed_by_running_it_again(app: App) {
        let voters: Vec<_> = (0..3000).map(voter).collect();
        let text = csv(&voters);
        let path = app.file("roll.csv", text.as_bytes());
        // The process dies after the second portion.
        let importing = {
            let (portal, election) = (app.portal.clone(), app.election.clone());
            tokio::spawn(async move {
                let mut progress = |summary: &Summary| assert!(summary.lines() < 2000, "killed");
                let mut tell = |_: &_| Ok(());
                let file = std::fs::File::open(path).unwrap();
                let imported = guichet::roll::import::import(&portal, &election, &file, "alix", false, &mut tell, &mut progress);
                imported.await.unwrap().unwrap();
            })
        };
        assert!(importing.await.is_err());
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 2000);
        let (counted, _) = app.import(&app.election, text.as_bytes(), false).await.unwrap();
        assert_eq!(counted, summary(1000, 0, 2000, 0));
    }
}

on_both! {
    async fn a_file_that_is_no_roll_is_refused_in_french(app: App) {
        for (content, told) in [
            ("", "vide"),
            ("nom;prenoms\nA;B\n", "il manque dans l’en-tête : numen"),
            ("\u{feff}", "il manque"),
        ] {
            let refused = app.import(&app.election, content.as_bytes(), false).await.unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
    }
}

on_both! {
    /// In one file: two who swap, three in a circle, and one who wants the address of somebody who stays.
    async fn voters_who_exchange_addresses_pass_and_inherit_no_password(app: App) {
        let before: Vec<_> = (0..6).map(voter).collect();
        app.enrol(&before).await;
        let browser = app.browser();
        browser.arrive(&app, &before[0]).await;
        let mut after = before.clone();
        for (one, other) in [(0, 1), (1, 0), (2, 3), (3, 4), (4, 2)] {
            after[one].email.clone_from(&before[other].email);
        }
        // One whose holder stays is still refused.
        after[5] = voter(7);
        after[5].email.clone_from(&before[5].email);
        let text = csv(&after);
        let expected = Summary { moved: 5, passed: 5, ..summary(0, 5, 0, 1) };
        for dry_run in [true, false] {
            let (counted, faults) = app.import(&app.election, text.as_bytes(), dry_run).await.unwrap();
            assert_eq!(counted, expected, "{faults:?}");
            assert!(faults.iter().all(|fault| fault.column == "courriel"));
        }
        for voter in &after[..5] {
            let query = format!(
                "SELECT COUNT(*) FROM voter JOIN account ON account.id = account_id WHERE last_name = '{}' AND email = '{}'",
                voter.last_name, voter.email
            );
            assert_eq!(app.count(&query).await, 1, "{}", voter.last_name);
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM account WHERE email LIKE '%@%'").await, 6);
        // The password of before opens the account of the one who has the address now no more.
        assert_eq!(app.count("SELECT COUNT(*) FROM account WHERE password_hash IS NOT NULL").await, 0);
        assert_eq!(browser.get("/electeur").await.path, "/connexion");
        app.browser().sign_in(&before[0], PASSWORD).await.expect(422, "sign-in-refused");
    }
}

on_both! {
    async fn a_password_stays_with_its_person_on_another_roll(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let other = app.add_election("Conseil des sages").await;
        app.enrol_in(&other, &[voter(1)]).await;
        assert_eq!(browser.get("/electeur").await.path, "/electeur");
        let mut heir = voter(2);
        heir.email = voter(1).email;
        let third = app.add_election("Conseil des jeunes").await;
        app.enrol_in(&third, &[heir]).await;
        assert_eq!(browser.get("/electeur").await.path, "/connexion");
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

on_both! {
    async fn a_file_with_too_much_refused_writes_nothing(app: App) {
        let mut bad = voter(2);
        bad.numen = "x".into();
        app.file("liste.csv", csv(&[voter(1), bad.clone()]).as_bytes());
        let import = |more: &[&str]| {
            let base = ["roll", "import", "--election", "1", "liste.csv", "--report", "refus.csv"];
            told(app.command().args(base).args(more).output().unwrap())
        };
        let (status, said, reason) = import(&["--max-refused", "0"]);
        assert!(status == 1 && said.is_empty() && reason.contains("rien n’est écrit"), "{said}{reason}");
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 0);
        let report = || std::fs::read_to_string(app.folder.path().join("refus.csv")).unwrap();
        assert_eq!(report().lines().count(), 2, "the report says which: {}", report());
        let (status, said, _) = import(&["--max-refused", "1"]);
        assert!(status == 0 && said.starts_with("1 ajoutés"), "{said}");
        assert_eq!(report().lines().count(), 2, "each fault once");
        // Nothing usable in it: the wrong file.
        app.file("liste.csv", csv(&[bad]).as_bytes());
        let (status, said, reason) = import(&[]);
        assert!(status == 1 && said.starts_with("0 ajoutés") && reason.contains("toutes les lignes"), "{said}{reason}");
    }
}

on_both! {
    async fn lost_passwords_are_told_before_and_elections_are_known_by_name(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let mut moved = voter(1);
        moved.email = "mailto:Nouvelle@ac-valmont.example".into();
        app.file("liste.csv", csv(&[moved, voter(2)]).as_bytes());
        let import = |election: &str| {
            told(app.command().args(["roll", "import", "--election", election, "liste.csv"]).output().unwrap())
        };
        let (status, said, told_before) = import(&app.election.name);
        assert!(status == 0 && said.starts_with("0 ajoutés, 1 modifiés, 1 inchangés"), "{said}{told_before}");
        assert!(told_before.contains("1 adresses changent : leur mot de passe est perdu"), "{told_before}");
        let read = "SELECT COUNT(*) FROM account WHERE email = 'nouvelle@ac-valmont.example'";
        assert_eq!(app.count(read).await, 1, "mailto: is read");
        assert!(!import("1").2.contains("adresses changent"), "once is enough");
        let (status, _, reason) = import("Conseil");
        assert!(status == 1 && reason.contains("aucune élection ne s’appelle « Conseil »"), "{reason}");
        let twin = "INSERT INTO election (name, reissue_opens, reissue_closes, max_identifiers, max_failed_checks, \
                    territories, support_phone, support_email, support_hours) SELECT name, reissue_opens, \
                    '2026-12-31 00:00:00+00:00', 3, 3, 'FR', '1', 'a@b.fr', 'h' FROM election";
        sea_orm::ConnectionTrait::execute_unprepared(&app.portal.db, twin).await.unwrap();
        let (status, _, reason) = import(&app.election.name);
        assert!(status == 1 && reason.contains("donnez un numéro parmi 1, 2"), "{reason}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn pipes_and_standard_input_work_and_what_is_no_file_says_what_it_is() {
    let app = App::start(crate::support::Backend::Sqlite).await;
    let text = csv(&[voter(1), voter(2)]);
    let import = |file: &str| {
        let mut command = app.command();
        command.args(["roll", "import", "--election", "1", file]);
        command
    };
    let mut child = import("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let (status, said, _) = told(child.wait_with_output().unwrap());
    assert!(status == 0 && said.starts_with("2 ajoutés"), "{said}");

    let pipe = app.folder.path().join("tuyau");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = import("tuyau").stdout(Stdio::piped()).spawn().unwrap();
    std::fs::write(&pipe, &text).unwrap();
    let (status, said, _) = told(child.wait_with_output().unwrap());
    assert!(status == 0 && said.starts_with("0 ajoutés, 0 modifiés, 2 inchangés"), "{said}");

    for (file, why) in [(".", "c’est un dossier"), ("absent.csv", "n’existe pas"), ("tuyau/liste.csv", "dossier")] {
        let (status, _, reason) = told(import(file).output().unwrap());
        assert!(status == 1 && reason.contains(file) && reason.contains(why), "{reason}");
    }
    let report = ["roll", "import", "--election", "1", "-", "--report", "absent/refus.csv"];
    let (status, _, reason) = told(app.command().args(report).stdin(Stdio::null()).output().unwrap());
    assert!(status == 1 && reason.contains("absent/refus.csv"), "{reason}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_who_has_seen_enough_ends_a_command_quietly() {
    let app = App::start(crate::support::Backend::Sqlite).await;
    app.file("liste.csv", csv(&[voter(1)]).as_bytes());
    for arguments in [
        "settings",
        "migrate",
        "election list",
        "election show --election 1",
        "outbox retry",
        "roll import --election 1 liste.csv",
        "election export --election 1 --to x.csv",
    ] {
        // The reading end is closed before a word is said.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = app.command().args(arguments.split(' ')).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let (status, _, reason) = told(child.wait_with_output().unwrap());
        assert_eq!((status, reason.as_str()), (0, ""), "{arguments}");
    }
}
