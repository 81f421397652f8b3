//! Importing rolls, as schools' software writes them.

use std::fmt::Write as _;

use encoding_rs::WINDOWS_1252;
use guichet::roll::import::Summary;

use crate::support::{App, Voter, on_both, voter};

fn csv(voters: &[Voter]) -> String {
    voters.iter().fold(format!("{}\n", Voter::HEADER), |mut text, voter| {
        let _ = writeln!(text, "{}", voter.line());
        text
    })
}

fn summary(added: u64, updated: u64, unchanged: u64, refused: u64) -> Summary {
    Summary { added, updated, unchanged, refused, renamed: 0 }
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
        assert_eq!(dry.0, summary(1, 4, 2496, 0));
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 2500, "a dry run writes nothing");
        let changed = app.import(&app.election, csv(&voters).as_bytes(), false).await.unwrap();
        assert_eq!(changed.0, summary(1, 4, 2496, 0));
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
        assert_eq!(dry, (summary(1, 2, 0, 0), vec![]));
        let done = app.import(&app.election, changed.as_bytes(), false).await.unwrap();
        assert_eq!(done, (summary(1, 2, 0, 0), vec![]));
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
        assert_eq!((counted, faults), (summary(2, 1, 0, 0), vec![]));
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
                let imported = guichet::roll::import::import(&portal, &election, &path, false, &mut tell, &mut progress);
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
