//! What the letters say, word for word, on a stopped clock.

use guichet::carriers::{Handover, Mail, Reason as Failure};
use guichet::entities::desk_act::Act;
use guichet::issuance::desk::{self, Desk, Outcome, Reason};
use guichet::values::{EmailAddress, VotingIdentifier};
use sea_orm::ConnectionTrait as _;

use crate::support::{App, Backend, Voter, voter};

/// A letter as it is received, without what differs each time.
fn shown(mail: &Mail) -> String {
    let secret_paths = ["/mot-de-passe/nouveau/", "/pas-moi/"];
    let without_tokens = |text: &str| {
        secret_paths.iter().fold(text.to_owned(), |text, path| {
            let mut pieces = text.split(path);
            let first = pieces.next().unwrap().to_owned();
            pieces.fold(first, |text, piece| {
                let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(piece.len());
                format!("{text}{path}(jeton){}", &piece[end..])
            })
        })
    };
    without_tokens(&format!("To: {}\nSubject: {}\n\n{}\n----\n{}", mail.to, mail.subject, mail.text, mail.html))
}

fn letter(app: &App, to: &str, subject: &str) -> String {
    let found = app.mails_to(to).into_iter().rev().find(|mail| mail.subject.contains(subject));
    shown(&found.expect("a letter with this subject"))
}

#[tokio::test]
async fn every_letter_says_what_it_should() {
    let app = App::start(Backend::Sqlite).await;
    let camille = voter(1);
    app.enrol(std::slice::from_ref(&camille)).await;
    let browser = app.browser();
    browser.arrive(&app, &camille).await;
    let number = Failure::Number.with("21211");
    for (mobile, answer) in [
        ("06 12 34 56 71", Handover::Refused(number)),
        ("06 12 34 56 72", Handover::Refused(Failure::Unreachable.with("30003"))),
        ("06 12 34 56 73", Handover::Refused(Failure::Operator.into())),
    ] {
        app.sms_answers(vec![answer]);
        browser.ask_identifier(&camille, mobile).await.expect(200, "issued");
        app.drain().await;
    }
    browser.ask_identifier(&camille, "06 12 34 56 78").await.expect(200, "issued");
    app.drain().await;
    app.browser().post(&app.mailed_link(&camille.email, "/pas-moi/"), &[]).await.expect(200, "frozen");
    app.drain().await;

    let to = camille.email.as_str();
    insta::assert_snapshot!("password-link", letter(&app, to, "Choisissez"));
    insta::assert_snapshot!("password-changed", letter(&app, to, "a changé"));
    insta::assert_snapshot!("identifier-sent", letter(&app, to, "vient d’être envoyé"));
    insta::assert_snapshot!("identifier-disavowed", letter(&app, to, "bloquées"));
    insta::assert_snapshot!("disavowal-reported", letter(&app, &app.election.support_email, "contesté"));
    let voided: Vec<_> = app
        .mails_to(to)
        .into_iter()
        .filter(|mail| mail.subject.contains("n’a pas pu"))
        .map(|mail| shown(&mail))
        .collect();
    insta::assert_snapshot!("identifier-voided", voided.join("\n====\n"));
    let sms = app.sms().last().unwrap().text.clone();
    let identifier = sms.split_whitespace().find_map(VotingIdentifier::parse).unwrap().text();
    insta::assert_snapshot!("identifier-sms", sms.replace(&identifier, "(identifiant)"));
}

#[tokio::test]
async fn who_was_helped_is_told_what_the_assistance_did() {
    let app = App::start(Backend::Sqlite).await;
    let camille = voter(1);
    app.enrol(std::slice::from_ref(&camille)).await;
    let desk = Desk { actor: "alix".into(), reason: Reason::parse("reconnue au téléphone").unwrap() };
    let email = EmailAddress::parse(&camille.email).unwrap();
    let frozen = "frozen_at = '2026-11-24 09:00:00+00:00'";
    for language in ["fr", "en"] {
        let speaks = format!("UPDATE account SET language = '{language}'");
        app.portal.db.execute_unprepared(&speaks).await.unwrap();
        for (stuck, act, name, subject) in [
            ("failed_checks = 3", Act::Unlock, "voter-unlocked", ["comptées à partir de zéro", "count from zero"]),
            (frozen, Act::Unfreeze, "voter-unfrozen", ["sont rétablies", "are open again"]),
        ] {
            app.portal.db.execute_unprepared(&format!("UPDATE voter SET {stuck}")).await.unwrap();
            let done = desk::act(&app.portal, &app.election, &email, act, &desk).await.unwrap();
            assert_eq!(done, Outcome::Done);
            app.drain().await;
            let subject = if language == "fr" { subject[0] } else { subject[1] };
            insta::assert_snapshot!(format!("{name}-{language}"), letter(&app, &camille.email, subject));
        }
    }
}

#[tokio::test]
async fn who_was_locked_by_an_error_of_the_roll_is_told_that_it_was_corrected() {
    for (language, subject) in [("fr", "comptées à partir de zéro"), ("en", "count from zero")] {
        let app = App::start(Backend::Sqlite).await;
        let mut camille = voter(1);
        camille.birthdate = "14/07/1950".into();
        app.enrol(std::slice::from_ref(&camille)).await;
        app.portal.db.execute_unprepared("UPDATE voter SET failed_checks = 3").await.unwrap();
        app.portal.db.execute_unprepared(&format!("UPDATE account SET language = '{language}'")).await.unwrap();
        app.enrol(&[voter(1)]).await;
        app.drain().await;
        insta::assert_snapshot!(format!("voter-corrected-{language}"), letter(&app, &camille.email, subject));
    }
}

#[tokio::test]
async fn whose_former_address_passed_to_another_person_is_told_at_the_one_of_now() {
    for (language, subject) in [("fr", "adresse d’avant"), ("en", "former address")] {
        let app = App::start(Backend::Sqlite).await;
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let elsewhere = Voter { email: "d.ormeau1.bis@ac-valmont.example".into(), ..voter(1) };
        app.enrol(std::slice::from_ref(&elsewhere)).await;
        app.portal.db.execute_unprepared(&format!("UPDATE account SET language = '{language}'")).await.unwrap();
        app.enrol(&[Voter { email: voter(1).email, ..voter(2) }]).await;
        app.drain().await;
        insta::assert_snapshot!(format!("address-passed-{language}"), letter(&app, &elsewhere.email, subject));
    }
}

#[tokio::test]
async fn what_people_typed_stays_text_in_html() {
    let app = App::start(Backend::Sqlite).await;
    let mut voter = voter(1);
    voter.last_name = "<b>&".into();
    app.enrol(std::slice::from_ref(&voter)).await;
    let browser = app.browser();
    browser.arrive(&app, &voter).await;
    browser.ask_identifier(&voter, "06 12 34 56 78").await.expect(200, "issued");
    app.drain().await;
    app.browser().post(&app.mailed_link(&voter.email, "/pas-moi/"), &[]).await.expect(200, "frozen");
    app.drain().await;
    let report = app.mails_to(&app.election.support_email).pop().unwrap();
    assert!(report.text.contains("Dominique <b>&"), "{}", report.text);
    assert!(report.html.contains("Dominique &lt;b&gt;&amp;"), "{}", report.html);
}

#[tokio::test]
async fn a_letter_that_may_be_answered_does_not_say_otherwise() {
    for (reply_to, told) in [(None, true), (Some("Assistance <aide@example.fr>"), false)] {
        let app = App::start_with(Backend::Sqlite, |figment| match reply_to {
            Some(address) => figment.merge(("mail.reply_to", address)),
            None => figment,
        });
        let app = app.await;
        app.enrol(&[voter(1)]).await;
        app.browser().ask_link(&app, &voter(1)).await;
        let mail = app.mails_to(&voter(1).email).pop().unwrap();
        assert_eq!(mail.text.contains("merci de ne pas y répondre"), told, "{}", mail.text);
    }
}
