//! Voters who failed against an error of the roll, and what its correction does for them.

use guichet::values::Clock;

use crate::support::{App, Voter, on_both, voter};

const PHONE: &str = "06 12 34 56 78";

/// A process reads the real clock: so does the app.
async fn today(app: &App) {
    app.open_the_window().await;
    app.wait(Clock::System.now() - app.portal.now());
}

fn shown(app: &App, voter: &Voter) -> String {
    let show = ["voter", "show", "--election", "1", "--email", &voter.email];
    let output = app.command().args(show).output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace(['\u{a0}', '\u{202f}'], " ")
}

async fn locked(app: &App) -> i64 {
    app.count("SELECT COUNT(*) FROM voter WHERE failed_checks >= 3").await
}

on_both! {
    async fn who_is_locked_by_an_error_of_the_roll_is_unlocked_by_its_correction(app: App) {
        today(&app).await;
        for (n, right, what) in [(1, voter(1), "date de naissance"), (2, voter(2), "NUMEN")] {
            let mut wrong = right.clone();
            if what == "NUMEN" {
                wrong.numen = voter(90).numen;
            } else {
                wrong.birthdate = "14/07/1950".into();
            }
            app.enrol(std::slice::from_ref(&wrong)).await;
            let browser = app.browser();
            browser.arrive(&app, &right).await;
            for _ in 0..3 {
                browser.ask_identifier(&right, PHONE).await;
            }
            browser.get("/electeur/identifiant").await.expect(200, "locked");
            // What corrects nothing of what is compared unlocks nobody.
            wrong.last_name = "Peuplier".into();
            wrong.uai = "0999999Z".into();
            for _ in 0..2 {
                app.enrol(std::slice::from_ref(&wrong)).await;
            }
            assert_eq!(locked(&app).await, 1);
            assert_eq!(app.count("SELECT COUNT(*) FROM desk_act").await, n - 1);

            let right = Voter { last_name: wrong.last_name, uai: wrong.uai, ..right };
            app.enrol(std::slice::from_ref(&right)).await;
            let show = shown(&app, &right);
            assert!(show.contains("vérifications échouées : 0 sur 3") && show.contains("débloqué le "), "{show}");
            assert!(show.contains(&format!(", par alix : liste électorale corrigée : {what}\n")), "{show}");
            app.wait(chrono::Duration::seconds(60));
            app.drain().await;
            let told = app.mails_to(&right.email).pop().unwrap();
            assert!(told.subject.contains("à partir de zéro") && told.text.contains("inexact sur la liste"), "{}", told.text);
            app.enrol(std::slice::from_ref(&right)).await;
            assert_eq!(app.count("SELECT COUNT(*) FROM desk_act").await, n, "once");
            let phone = format!("06 12 34 56 7{n}");
            browser.ask_identifier(&right, &phone).await.expect(200, "issued");
        }
    }
}

on_both! {
    async fn who_failed_without_being_locked_begins_anew_and_is_not_written_to(app: App) {
        let mut wrong = voter(1);
        wrong.birthdate = "14/07/1950".into();
        app.enrol(&[wrong.clone(), voter(2)]).await;
        for voter in [voter(1), voter(2)] {
            let browser = app.browser();
            browser.arrive(&app, &voter).await;
            let mistaken = Voter { numen: "99Z9999999ZZZ".into(), ..voter };
            browser.ask_identifier(&mistaken, PHONE).await.expect(422, "identity-refused");
        }
        app.drain().await;
        let before = app.mails_to(&voter(1).email).len();
        app.enrol(&[voter(1), voter(2)]).await;
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), before);
        let failed = "SELECT COUNT(*) FROM voter WHERE failed_checks > 0";
        assert_eq!(app.count(failed).await, 1, "the neighbour's stay");
        assert_eq!(app.count(&format!("{failed} AND last_name = 'Ormeau1'")).await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM desk_act WHERE act = 'unlock'").await, 1);
    }
}
