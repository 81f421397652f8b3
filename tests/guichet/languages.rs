//! French by default, English for who prefers or chooses it, on pages, in mails and in the SMS.

use rocket::http::Header;
use rocket::http::Status;

use crate::support::{App, Browser, PASSWORD, on_both, voter};

/// The page as a browser with this preference gets it.
async fn preferring(app: &App, language: &'static str, path: &str) -> (Status, String, String) {
    let request = app.client.get(path.to_owned()).header(Header::new("Accept-Language", language));
    let answer = request.dispatch().await;
    let said = answer.headers().get_one("Content-Language").unwrap_or_default().to_owned();
    (answer.status(), said, answer.into_string().await.unwrap_or_default())
}

/// Chooses a language on a page of ours.
async fn choose(browser: &Browser, code: &str, referer: &str) -> String {
    browser.get_from(&format!("/langue/{code}"), &[("Referer", referer)]).await.path
}

on_both! {
    async fn a_voter_who_chooses_english_reads_english(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        let back = choose(&browser, "en", "http://localhost:8000/connexion").await;
        assert_eq!(back, "/connexion", "the choice goes back to where it was made");
        let page = browser.get("/connexion").await;
        assert!(page.html.contains("<html lang=\"en\">") && page.text().contains("Professional email address"));
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "0690001234").await.expect(200, "issued");
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("Text message handed to the operator at 10:00"), "{}", page.html);
        let subjects: Vec<_> = app.mails_to(&voter(1).email).into_iter().map(|mail| mail.subject).collect();
        assert_eq!(
            subjects,
            ["Choose your password", "Your password has changed", "A voting identifier has just been sent"]
        );
        let mail = app.mails_to(&voter(1).email).remove(0);
        assert!(mail.text.contains("until Wednesday 25 November 2026 at 10:00 (Paris time)"), "{}", mail.text);
        assert!(mail.html.contains("<html lang=\"en\">"));
        assert!(app.sms()[0].text.contains("your voting identifier is"), "{}", app.sms()[0].text);

        // The other browser of the same person is asked anew, and letters follow the last choice.
        choose(&browser, "fr", "http://localhost:8000/electeur").await;
        browser.ask_identifier(&voter(1), "0690001234").await.expect(200, "issued");
        app.drain().await;
        assert!(app.sms()[1].text.contains("votre identifiant de vote est"));
        let refused = browser.post("/connexion/mot-de-passe", &[("email", &voter(1).email), ("password", "")]).await;
        assert!(refused.expect(422, "form-invalid").text().contains("Saisissez votre mot de passe"));
        browser.sign_in(&voter(1), PASSWORD).await;
    }
}

on_both! {
    async fn a_browsers_preference_counts_until_somebody_chooses(app: App) {
        for (preference, expected) in [("en-GB,en;q=0.9", "en"), ("de,fr;q=0.5", "fr"), ("pt", "fr"), ("", "fr")] {
            let (status, said, page) = preferring(&app, preference, "/connexion").await;
            assert_eq!((status, said.as_str()), (Status::Ok, expected), "{preference}");
            assert!(page.contains(&format!("<html lang=\"{expected}\">")));
        }
        let (status, _, page) = preferring(&app, "en", "/rien").await;
        assert!(status == Status::NotFound && page.contains("There is no such page"), "{page}");
    }
}

on_both! {
    async fn an_address_that_is_opened_changes_no_account(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let english = "SELECT COUNT(*) FROM account WHERE language = 'en'";
        // As a link in somebody else's page or mail does.
        choose(&browser, "en", "https://evil.example/").await;
        assert_eq!(app.count(english).await, 0);
        let page = browser.get("/electeur/identifiant").await;
        assert!(page.html.contains("<html lang=\"en\">"), "the pages follow");
        // Letters follow the page on which their reader asked for them.
        browser.ask_identifier(&voter(1), "0690001234").await.expect(200, "issued");
        assert_eq!(app.count(english).await, 1);
        app.drain().await;
        assert!(app.sms()[0].text.contains("your voting identifier is"), "{}", app.sms()[0].text);
    }
}

on_both! {
    async fn a_choice_leads_nowhere_else(app: App) {
        let browser = app.browser();
        for referer in
            ["https://evil.example/x", "http://localhost:8000//evil.example", "http://localhost:8000.evil.example/", ""]
        {
            assert_eq!(choose(&browser, "en", referer).await, "/", "{referer}");
        }
        browser.get("/langue/de").await.expect(404, "not-found");
    }
}
