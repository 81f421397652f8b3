//! The commands on elections, on both databases.

use std::process::Output;

use crate::support::{App, on_both, voter};

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout).replace('\u{a0}', " "), text(output.stderr))
}

fn run(app: &App, arguments: &[&str]) -> (i32, String, String) {
    told(app.command().args(arguments).output().unwrap())
}

const FILE: &str = r#"
name = "Conseil des sages"
reissue_opens = 2096-11-23T10:00:00+01:00
reissue_closes = 2096-12-03T17:00:00+01:00
territories = ["FR", "GP"]
support = { phone = "01 23 45 67 89", email = "assistance@example.fr", hours = "de 9 h à 18 h" }
"#;

on_both! {
    async fn one_file_makes_one_election_however_often_it_is_added(app: App) {
        app.file("sages.toml", FILE.as_bytes());
        let add = ["election", "add", "sages.toml"];
        assert_eq!(run(&app, &add), (0, "2\n".into(), String::new()));
        let (status, said, told) = run(&app, &add);
        assert!(status == 0 && said == "2\n" && told.contains("existe déjà"), "{said}{told}");
        // Another window is another election.
        app.file("autre.toml", FILE.replace("2096-12-03", "2096-12-04").as_bytes());
        assert_eq!(run(&app, &["election", "add", "autre.toml"]).1, "3\n");

        let (_, listed, _) = run(&app, &["election", "list"]);
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(lines[0], "numéro;nom;ouverture;fermeture;électeurs");
        let second = "2;Conseil des sages;vendredi 23 novembre 2096 à 10 h 00;lundi 3 décembre 2096 à 17 h 00;0";
        assert_eq!(lines[2], second);
        let (status, _, reason) = run(&app, &["election", "show", "--election", "Conseil des sages"]);
        assert!(status == 1 && reason.contains("2, 3"), "{reason}");
    }
}

on_both! {
    async fn of_one_file_added_twenty_times_at_once_one_election_comes(app: App) {
        let soon = FILE.replace("2096", "2026");
        let adding = (0..20).map(|_| {
            let (portal, soon) = (app.portal.clone(), soon.clone());
            tokio::spawn(async move { guichet::roll::election::add(&portal, &soon).await.unwrap().unwrap() })
        });
        let added: Vec<_> = futures::future::join_all(adding).await.into_iter().map(Result::unwrap).collect();
        let new = added.iter().filter(|added| matches!(added, guichet::roll::election::Added::New(_))).count();
        assert_eq!(new, 1, "{added:?}");
        assert_eq!(app.count("SELECT COUNT(*) FROM election WHERE name = 'Conseil des sages'").await, 1);
    }
}

#[tokio::test]
async fn a_file_that_no_election_can_follow_is_refused_with_its_reason() {
    let app = App::start(crate::support::Backend::Sqlite).await;
    for (from, to, why) in [
        ("2096", "2025", "reissue_closes : déjà passée"),
        ("2096-12-03", "2097-12-03", "reissue_closes : un an au plus"),
        ("2096-12-03", "2096-11-03", "reissue_closes : doit venir après"),
        ("des sages", "des\u{200b}sages", "name : "),
        ("des sages", "des \u{202e}sages", "name : "),
        ("Conseil des sages", " \u{a0} ", "name : "),
        ("territories", "max_identifiers = 11\nterritories", "max_identifiers : de 1 à 10"),
        ("territories", "max_failed_checks = 0\nterritories", "max_failed_checks : de 1 à 10"),
    ] {
        app.file("sages.toml", FILE.replace(from, to).as_bytes());
        let (status, _, reason) = run(&app, &["election", "add", "sages.toml"]);
        assert!(status == 1 && reason.contains(why) && reason.contains("sages.toml"), "{reason}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM election").await, 1);
}

on_both! {
    async fn an_election_is_shown_edited_and_given_back_and_what_identifiers_rest_on_stays(app: App) {
        app.enrol(&[voter(1)]).await;
        let (status, shown, _) = run(&app, &["election", "show", "--election", "1"]);
        assert_eq!(status, 0);
        let set = |text: &str| {
            app.file("e.toml", text.as_bytes());
            run(&app, &["election", "set", "e.toml", "--election", "1"])
        };
        assert_eq!(set(&shown), (0, "Rien ne change.\n".into(), String::new()));
        let later = shown.replace("2026-11-23", "2026-11-22").replace("01 23 45", "01 99 99");
        let (status, said, reason) = set(&later);
        assert_eq!(status, 0, "{reason}");
        assert_eq!(
            said,
            "reissue_opens : 2026-11-23T10:00:00+01:00 → 2026-11-22T10:00:00+01:00\n\
             support.phone : \"01 23 45 67 89\" → \"01 99 99 67 89\"\n"
        );
        let (_, now, _) = run(&app, &["election", "show", "--election", "1"]);
        assert_eq!(now, later);

        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.drain().await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        for (from, to, why) in [
            ("2026-11-22", "2026-11-21", Some("reissue_opens")),
            ("2026-12-03", "2026-11-23", Some("reissue_closes")),
            ("max_identifiers = 3", "max_identifiers = 1", Some("max_identifiers : quelqu’un en a déjà reçu 2")),
            ("max_identifiers = 3", "max_identifiers = 2", None),
            ("2026-12-03", "2026-12-05", None),
            ("\"WF\"", "\"FR\"", None),
            ("Élections", "Les élections", None),
        ] {
            let (_, now, _) = run(&app, &["election", "show", "--election", "1"]);
            let (status, said, reason) = set(&now.replace(from, to));
            match why {
                Some(why) => assert!(status == 1 && reason.contains(why), "{reason}"),
                None => assert!(status == 0 && said.lines().count() == 1, "{said}{reason}"),
            }
        }
    }
}

on_both! {
    async fn an_election_never_becomes_another_one(app: App) {
        app.add_election("Conseil des sages").await;
        let (_, shown, _) = run(&app, &["election", "show", "--election", "1"]);
        app.file("e.toml", shown.replace("Élections professionnelles 2026", "Conseil des sages").as_bytes());
        let (status, _, reason) = run(&app, &["election", "set", "--election", "1", "e.toml"]);
        assert!(status == 1 && reason.contains("l’élection 2 a déjà ce nom"), "{reason}");
    }
}

on_both! {
    async fn of_elections_that_become_the_same_at_once_one_does_and_the_others_are_refused(app: App) {
        for round in 0..10 {
            let mut ids = Vec::new();
            for n in 0..6 {
                ids.push(app.add_election(&format!("Scrutin {n} du tour {round}")).await.id);
            }
            let same = FILE.replace("2096", "2026").replace("sages", &format!("sages {round}"));
            let setting = ids.into_iter().map(|id| {
                let (portal, same) = (app.portal.clone(), same.clone());
                tokio::spawn(async move { guichet::roll::election::set(&portal, id, &same).await.unwrap() })
            });
            let set: Vec<_> = futures::future::join_all(setting).await.into_iter().map(Result::unwrap).collect();
            assert_eq!(set.iter().filter(|set| set.is_ok()).count(), 1, "{set:?}");
            let mut reasons = set.iter().filter_map(|set| set.as_ref().err());
            assert!(reasons.all(|reason| reason.contains("a déjà ce nom")), "{set:?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_keeps_file_and_key_apart_and_follows_no_link_that_was_laid() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let app = App::start(crate::support::Backend::Sqlite).await;
    let at = |name: &str| app.folder.path().join(name);
    std::fs::create_dir(at("sous")).unwrap();
    std::fs::write(at("a.csv"), "").unwrap();
    std::fs::hard_link(at("a.csv"), at("dur")).unwrap();
    symlink("a.csv", at("mou")).unwrap();
    symlink("vide", at("pendant")).unwrap();
    for (to, key) in [
        ("a.csv", "a.csv"),
        ("a.csv", "dur"),
        ("a.csv", "mou"),
        ("sous/../a.csv", "./a.csv"),
        ("neuf.csv", "sous/../neuf.csv"),
        ("vide", "pendant"),
    ] {
        let (status, _, reason) = run(&app, &["election", "export", "--election", "1", "--to", to, "--key-to", key]);
        assert!(status == 1 && reason.contains("deux fichiers"), "{to} {key}: {reason}");
    }
    std::fs::write(at("victime"), "intacte").unwrap();
    symlink("victime", at("x.unfinished")).unwrap();
    symlink("ailleurs", at("k.unfinished")).unwrap();
    let export = ["election", "export", "--election", "1", "--to", "x.csv", "--key-to", "k.hex"];
    assert_eq!(run(&app, &export).0, 0);
    assert_eq!(std::fs::read_to_string(at("victime")).unwrap(), "intacte");
    assert!(!at("ailleurs").exists());
    for name in ["x.csv", "k.hex"] {
        let mode = std::fs::symlink_metadata(at(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o177_777, 0o100_600, "{name}");
    }
    let nowhere = ["election", "export", "--election", "1", "--to", "absent/x.csv"];
    let (status, _, reason) = run(&app, &nowhere);
    assert!(status == 1 && reason.contains("absent/x"), "{reason}");
}
