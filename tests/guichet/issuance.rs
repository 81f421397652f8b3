//! The rules of issuance, through the voter's own form.

use chrono::Duration;
use guichet::carriers::{Handover, Reason};

use crate::support::{App, PASSWORD, Voter, on_both, voter};

const FIRST: &str = "06 12 34 56 78";
const SECOND: &str = "06 98 76 54 32";

fn refused_number() -> Handover {
    Handover::Refused(Reason::Number.with("21211"))
}

on_both! {
    async fn a_failed_check_counts_and_three_in_a_row_lock(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut wrong_numen = voter(1);
        wrong_numen.numen = voter(2).numen;
        let mut wrong_birthdate = voter(1);
        wrong_birthdate.birthdate = "14/07/1971".into();
        let first = browser.ask_identifier(&wrong_numen, FIRST).await.expect(422, "identity-refused");
        assert!(first.text().contains("Il vous reste 2 essais"), "{}", first.html);
        assert!(first.html.contains("06 12 34 56 78"), "what was typed stays");
        let second = browser.ask_identifier(&wrong_birthdate, FIRST).await.expect(422, "identity-refused");
        let told = |text: String| text.split("La vérification").nth(1).unwrap().split('.').next().unwrap().to_owned();
        assert_eq!(told(first.text()), told(second.text()), "which check failed is not told");
        browser.ask_identifier(&wrong_numen, FIRST).await.expect(403, "locked");
        browser.get("/electeur/identifiant").await.expect(200, "locked");
        let recorded = "SELECT COUNT(*) FROM identity_check WHERE outcome = 'numen-differs'";
        assert_eq!(app.count(recorded).await, 2, "the desk sees which");
        assert!(app.sms().is_empty());
    }
}

on_both! {
    async fn a_success_starts_the_count_of_failed_checks_again(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut wrong = voter(1);
        wrong.numen = voter(2).numen;
        browser.ask_identifier(&wrong, FIRST).await.expect(422, "identity-refused");
        browser.ask_identifier(&wrong, FIRST).await.expect(422, "identity-refused");
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        browser.ask_identifier(&wrong, FIRST).await.expect(422, "identity-refused");
        browser.ask_identifier(&wrong, FIRST).await.expect(422, "identity-refused");
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn three_identifiers_and_each_revokes_the_one_before(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        for left in ["encore recevoir 2", "encore recevoir un", "reçu les 3 identifiants possibles"] {
            let page = browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            assert!(page.text().contains(left), "{left}: {}", page.html);
            assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 1);
            app.drain().await;
        }
        browser.get("/electeur/identifiant").await.expect(200, "limit-reached");
        browser.submit(&voter(1).form(FIRST, "")).await.expect(403, "limit-reached");
        let identifiers: std::collections::HashSet<_> = app.sms().into_iter().map(|sms| sms.text).collect();
        assert_eq!(identifiers.len(), 3);
    }
}

on_both! {
    async fn one_phone_serves_one_voter_however_it_is_typed(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let (first, second) = (app.browser(), app.browser());
        first.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        first.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        let taken = second.ask_identifier(&voter(2), "+33 (0)6.12.34.56.78").await.expect(422, "phone-taken");
        assert!(taken.text().contains("essais de vérification : une erreur"), "no check was used up");
        assert!(taken.text().contains("Il vous reste 3 essais"));
        // A wrong NUMEN with a taken phone learns nothing about the phone.
        let mut wrong = voter(2);
        wrong.numen = voter(1).numen;
        second.ask_identifier(&wrong, FIRST).await.expect(422, "identity-refused");
        second.ask_identifier(&voter(2), SECOND).await.expect(200, "issued");
        app.drain().await;
        // A voter may use another number, and the one once used stays theirs.
        first.ask_identifier(&voter(1), "0639 01 23 45").await.expect(200, "issued");
        second.ask_identifier(&voter(2), FIRST).await.expect(422, "phone-taken");
        first.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn phones_of_others_can_be_tried_five_times_a_day(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let (first, second) = (app.browser(), app.browser());
        first.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        first.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..4 {
            second.ask_identifier(&voter(2), FIRST).await.expect(422, "phone-taken");
        }
        second.ask_identifier(&voter(2), FIRST).await.expect(403, "throttled");
        second.get("/electeur/identifiant").await.expect(200, "throttled");
        app.wait(Duration::hours(14));
        second.sign_in(&voter(2), PASSWORD).await;
        second.ask_identifier(&voter(2), SECOND).await.expect(200, "issued");
    }
}

on_both! {
    async fn a_wrong_captcha_or_a_malformed_field_consumes_nothing(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        for (field, value, outcome) in [
            ("captcha", "XXXXX", "captcha-refused"),
            ("captcha", "", "captcha-refused"),
            ("captcha_id", "forged", "captcha-refused"),
            ("mobile", "01 23 45 67 89", "form-invalid"),
            ("birthdate", "31/02/1980", "form-invalid"),
            ("numen", "12E3456789AB", "form-invalid"),
            ("request", "", "form-invalid"),
        ] {
            let mut form = voter(1).form(FIRST, &captcha);
            form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value.into();
            browser.submit(&form).await.expect(422, outcome);
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0);
        let mut form = voter(1).form(FIRST, &captcha);
        form[4].1 = "12E3456789AB".into();
        let page = browser.submit(&form).await.expect(422, "form-invalid");
        assert_eq!(page.input("captcha_id"), captcha, "a solved captcha need not be solved again");
        browser.submit(&voter(1).form(FIRST, &captcha)).await.expect(200, "issued");
    }
}

on_both! {
    async fn a_form_sent_twice_is_decided_once(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        let form = voter(1).form(FIRST, &captcha);
        browser.submit(&form).await.expect(200, "issued");
        browser.submit(&form).await.expect(200, "issued");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
        // Another form with the same captcha is not decided at all.
        let page = browser.submit(&voter(1).form(SECOND, &captcha)).await.expect(422, "captcha-refused");
        assert!(page.text().contains("Ce code a déjà servi"));
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 1);
    }
}

on_both! {
    async fn a_captcha_serves_its_own_session_for_half_an_hour(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let (browser, other) = (app.browser(), app.browser());
        browser.arrive(&app, &voter(1)).await;
        other.arrive(&app, &voter(2)).await;
        let captcha = browser.captcha().await;
        let image = browser.get(&format!("/captcha/{captcha}.png")).await;
        assert_eq!((image.status, image.headers["content-type"].as_str()), (200, "image/png"));
        // Many drawings of one answer would let the noise be taken out.
        assert!(browser.get(&format!("/captcha/{captcha}.png")).await.html == image.html);
        other.get(&format!("/captcha/{captcha}.png")).await.expect(404, "not-found");
        other.submit(&voter(2).form(SECOND, &captcha)).await.expect(422, "captcha-refused");
        app.wait(Duration::minutes(20));
        browser.get("/electeur").await.expect(200, "");
        app.wait(Duration::minutes(10));
        browser.submit(&voter(1).form(FIRST, &captcha)).await.expect(422, "captcha-refused");
    }
}

on_both! {
    async fn the_window_is_kept(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        app.wait(Duration::days(-2));
        browser.arrive(&app, &voter(1)).await;
        let page = browser.get("/electeur/identifiant").await.expect(200, "window-closed");
        assert!(page.text().contains("lundi 23 novembre 2026 à 10 h 00"));
        app.wait(Duration::days(11) + Duration::hours(7) - Duration::minutes(1));
        browser.sign_in(&voter(1), PASSWORD).await;
        let captcha = browser.captcha().await;
        app.wait(Duration::minutes(1));
        browser.submit(&voter(1).form(FIRST, &captcha)).await.expect(403, "window-closed");
    }
}

on_both! {
    async fn an_undeliverable_sms_costs_the_voter_nothing(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        app.sms_answers(vec![refused_number()]);
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let told = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
        assert!(told.text().contains("votre essai vous est rendu"));
        assert!(told.text().contains("encore recevoir 3 identifiants"));
        assert!(app.mails_to(&voter(1).email).last().unwrap().subject.contains("n’a pas pu être remis"));
        // The number never received anything: another voter may have it.
        let other = app.browser();
        other.arrive(&app, &voter(2)).await;
        other.ask_identifier(&voter(2), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn a_number_that_once_received_an_identifier_stays_its_voters(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        app.sms_answers(vec![refused_number()]);
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let other = app.browser();
        other.arrive(&app, &voter(2)).await;
        other.ask_identifier(&voter(2), FIRST).await.expect(422, "phone-taken");
    }
}

on_both! {
    async fn an_sms_is_tried_again_then_given_up_after_half_an_hour(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let later = |n| vec![Handover::Later { failure: Reason::Outage.with("503"), after: None }; n];
        app.sms_answers(later(2));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for pause in [0, 10, 20] {
            app.wait(Duration::seconds(pause));
            app.drain().await;
        }
        assert_eq!(app.sms().len(), 1);
        app.sms_answers(later(100));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..14 {
            app.drain().await;
            app.wait(Duration::minutes(2));
        }
        browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        app.wait(Duration::minutes(2));
        app.drain().await;
        browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL").await, 0);
    }
}

on_both! {
    async fn the_sms_of_a_replaced_identifier_is_never_sent(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        app.sms_answers(vec![Handover::Later { failure: Reason::Outage.with("503"), after: None }]);
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        app.wait(Duration::minutes(1));
        app.drain().await;
        assert_eq!(app.sms().len(), 1, "only the identifier that works");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL").await, 0);
        let space = browser.get("/electeur").await;
        assert!(space.text().contains("encore recevoir 2 identifiants"), "the carrier's failure cost nothing");
        let told = app.mails_to(&voter(1).email).iter().any(|mail| mail.subject.contains("pas pu être remis"));
        assert!(!told, "another identifier works");
    }
}

on_both! {
    async fn that_was_not_me_freezes_issuance(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        let mailbox = app.browser();
        mailbox.get(&link).await.expect(200, "");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 1, "a GET does nothing");
        mailbox.post(&link, &[]).await.expect(200, "frozen");
        mailbox.post(&link, &[]).await.expect(200, "frozen");
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 0);
        let told = app.mails_to(&voter(1).email).into_iter().filter(|mail| mail.subject.contains("bloquées")).count();
        assert_eq!(told, 1);
        assert_eq!(app.mails_to(&app.election.support_email).len(), 1, "the desk is told, once");
        browser.get("/electeur/identifiant").await.expect(200, "locked");
        for forged in ["/pas-moi/x", &format!("/pas-moi/{}", "A".repeat(43))] {
            mailbox.get(forged).await.expect(410, "link-expired");
            mailbox.post(forged, &[]).await.expect(410, "link-expired");
        }
    }
}

on_both! {
    async fn elections_are_apart(app: App) {
        let other = app.add_election("Conseil des sages").await;
        app.enrol(&[voter(1), voter(2)]).await;
        app.enrol_in(&other, &[voter(1)]).await;
        let (browser, second) = (app.browser(), app.browser());
        browser.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        let space = browser.get("/electeur").await;
        assert!(space.html.contains("Conseil des sages") && space.html.contains("Élections professionnelles 2026"));
        second.ask_identifier(&voter(2), FIRST).await.expect(200, "issued");
        // In another election the same number is free.
        let captcha = browser.captcha().await;
        let mut form = voter(1).form(FIRST, &captcha);
        form.push(("election", other.id.to_string()));
        let issued = browser.submit(&form).await.expect(200, "issued");
        assert!(issued.html.contains("Conseil des sages"));
        browser.ask_identifier(&voter(1), FIRST).await.expect(422, "phone-taken");
        // An election on whose roll one is not has no form.
        for election in [other.id.to_string(), "999".into(), "abc".into(), "1x".into()] {
            second.get(&format!("/electeur/identifiant?election={election}")).await.expect(404, "not-found");
        }
        let captcha = second.captcha().await;
        let mut form = voter(2).form("06 12 34 56 79", &captcha);
        form.push(("election", "abc".into()));
        second.submit(&form).await.expect(404, "not-found");
    }
}

on_both! {
    async fn a_number_goes_where_it_was_meant_or_is_asked(app: App) {
        let (noumea, lyon) = (voter(1), voter(2));
        let line = noumea.line().replace("Valmont;", "Vice-rectorat de Nouvelle-Calédonie;");
        let roll = format!("{}\n{line}\n{}\n", Voter::HEADER, lyon.line());
        app.import(&app.election, roll.as_bytes(), false).await.unwrap();
        let browser = app.browser();
        browser.arrive(&app, &noumea).await;
        browser.ask_identifier(&noumea, "687 75 12 34").await.expect(200, "issued");
        app.drain().await;
        assert_eq!(app.sms().last().unwrap().to, "+687751234");

        let browser = app.browser();
        browser.arrive(&app, &lyon).await;
        let asked = browser.ask_identifier(&lyon, "687 75 12 35").await.expect(422, "form-invalid");
        for reading in ["+33 6 87 75 12 35, France métropolitaine", "+687 75 12 35, Nouvelle-Calédonie"] {
            assert!(asked.text().contains(reading), "{reading}");
        }
        let form = |reading: &str, captcha: &str| {
            [lyon.form("687 75 12 35", captcha), vec![("mobile_reading", reading.to_owned())]].concat()
        };
        // Only what may have been meant can be chosen.
        browser.submit(&form("+33612345678", &browser.captcha().await)).await.expect(422, "form-invalid");
        browser.submit(&form("+33687751235", &browser.captcha().await)).await.expect(200, "issued");
        app.drain().await;
        assert_eq!(app.sms().last().unwrap().to, "+33687751235");
    }
}
