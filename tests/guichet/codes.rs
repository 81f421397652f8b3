//! Security codes that are answered wrong: how often one bears it, and what it makes the next ones cost.

use std::collections::HashMap;

use chrono::Duration;
use guichet::{captcha, upkeep};

use crate::support::app::CAPTCHA;
use crate::support::{App, Backend, Browser, on_both, voter};

const PHONE: &str = "06 12 34 56 78";
const PAGE: &str = "/electeur/identifiant";

/// The form with another answer to its security code.
fn answered(captcha: &str, answer: &str) -> Vec<(&'static str, String)> {
    let mut form = voter(1).form(PHONE, captcha);
    form.iter_mut().find(|(name, _)| *name == "captcha").unwrap().1 = answer.into();
    form
}

async fn arrived(app: &App) -> Browser {
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(app, &voter(1)).await;
    browser
}

on_both! {
    async fn five_wrong_answers_spend_a_code(app: App) {
        let browser = arrived(&app).await;
        for (wrong, outcome) in [(4, (200, "issued")), (5, (422, "captcha-refused"))] {
            let captcha = browser.captcha().await;
            for n in 0..wrong {
                let page = browser.submit(&answered(&captcha, &format!("ZZ{n}"))).await.expect(422, "captcha-refused");
                assert!(page.text().contains("n’est pas le bon"), "{n}: {}", page.html);
            }
            // An empty answer is none.
            browser.submit(&answered(&captcha, " ")).await.expect(422, "captcha-refused");
            let page = browser.submit(&answered(&captcha, CAPTCHA)).await.expect(outcome.0, outcome.1);
            if outcome.0 == 422 {
                assert!(page.text().contains("a reçu trop de réponses"), "{}", page.html);
                assert_ne!(page.input("captcha_id"), captcha, "another code is there");
                browser.submit(&answered(&page.input("captcha_id"), CAPTCHA)).await.expect(200, "issued");
            }
        }
    }
}

on_both! {
    async fn of_fifty_wrong_answers_at_once_five_are_heard(app: App) {
        let browser = arrived(&app).await;
        let captcha = browser.captcha().await;
        let answers: Vec<_> = (0..50)
            .map(|n| {
                let (browser, form) = (browser.clone(), answered(&captcha, &format!("ZZ{n}")));
                tokio::spawn(async move {
                    let page = browser.submit(&form).await.expect(422, "captcha-refused").text();
                    if page.contains("a reçu trop de réponses") { "spent" } else { "wrong" }
                })
            })
            .collect();
        let mut told: HashMap<&str, usize> = HashMap::new();
        for answer in answers {
            *told.entry(answer.await.unwrap()).or_default() += 1;
        }
        assert_eq!(told, HashMap::from([("wrong", 5), ("spent", 45)]));
        browser.submit(&answered(&captcha, CAPTCHA)).await.expect(422, "captcha-refused");
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0, "nothing was decided");
    }
}

on_both! {
    async fn only_wrong_answers_are_kept_and_not_longer_than_their_code(app: App) {
        let browser = arrived(&app).await;
        let rows = "SELECT COUNT(*) FROM captcha_try";
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        browser.submit(&answered(&"A".repeat(123), "ZZ")).await.expect(422, "captcha-refused");
        assert_eq!(app.count(rows).await, 0, "a right answer and a made up code write nothing");
        browser.submit(&answered(&browser.captcha().await, "ZZ")).await.expect(422, "captcha-refused");
        app.wait(Duration::minutes(20));
        browser.submit(&answered(&browser.captcha().await, "ZZ")).await.expect(422, "captcha-refused");
        upkeep::forget(&app.portal).await.unwrap();
        assert_eq!(app.count(rows).await, 2);
        app.wait(Duration::minutes(11));
        upkeep::forget(&app.portal).await.unwrap();
        assert_eq!(app.count(rows).await, 1);
    }
}

on_both! {
    async fn the_proof_grows_with_the_tries_of_its_account(app: App) {
        let browser = arrived(&app).await;
        let first = browser.get(PAGE).await;
        assert_eq!(first.proof_bits(), captcha::rules::FEWEST_BITS);
        let mistyped = browser.submit(&answered(&first.input("captcha_id"), "ZZ")).await;
        assert_eq!(mistyped.proof_bits(), first.proof_bits(), "one slip costs nothing");
        let mut page = browser.submit(&answered(&mistyped.input("captcha_id"), "ZZ")).await;
        assert_eq!(page.proof_bits(), first.proof_bits() + 1);
        // A code that stays, solved, asks for what it was drawn with.
        let mut unfinished = answered(&mistyped.input("captcha_id"), CAPTCHA);
        unfinished.retain(|(name, _)| *name != "numen");
        assert_eq!(browser.submit(&unfinished).await.expect(422, "form-invalid").proof_bits(), first.proof_bits());
        // Refused checks count as wrong codes do.
        let mut wrong = voter(1);
        wrong.numen = voter(2).numen;
        for _ in 0..2 {
            let form = wrong.form(PHONE, &page.input("captcha_id"));
            page = browser.submit(&form).await.expect(422, "identity-refused");
        }
        assert_eq!(page.proof_bits(), first.proof_bits() + 2);
        app.wait(Duration::minutes(61));
        browser.sign_in(&voter(1), crate::support::PASSWORD).await;
        assert_eq!(browser.get(PAGE).await.proof_bits(), first.proof_bits() + 1, "the codes of an hour ago are forgotten");
    }
}

#[tokio::test]
async fn the_proof_grows_with_the_wrong_codes_of_a_network() {
    let app = App::start_with(Backend::Sqlite, |figment| figment.merge(("ip_header", "X-Real-IP"))).await;
    app.enrol(&[voter(1), voter(2)]).await;
    let (flood, neighbour) = (app.browser(), app.browser());
    flood.arrive(&app, &voter(1)).await;
    neighbour.arrive(&app, &voter(2)).await;
    let fields = answered(&flood.captcha().await, "ZZ");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let bits_from = |origin: &'static str| {
        let neighbour = neighbour.clone();
        async move { neighbour.get_from(PAGE, &[("X-Real-IP", origin)]).await.proof_bits() }
    };
    let calm = bits_from("192.0.2.1").await;
    for wrong in 1..=32 {
        assert_eq!(bits_from("192.0.2.1").await, calm, "{wrong}: a school mistypes as often");
        flood.post_from(PAGE, &fields, &[("X-Real-IP", "192.0.2.1")]).await.expect(422, "captcha-refused");
    }
    assert_eq!(bits_from("192.0.2.1").await, calm + 1);
    assert_eq!(bits_from("192.0.2.2").await, calm);
}
