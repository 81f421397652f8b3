//! Every field of every form with what people and programs put there: never a 500.

use crate::support::browser::percent_encoded;
use crate::support::{App, PASSWORD, on_both, voter};

/// Texts that no field wants.
fn nonsense() -> Vec<String> {
    [
        "",
        " ",
        "\0",
        "\u{7}\u{1b}[31m",
        "Здравствуйте",
        "مرحبا",
        "中文字符",
        "😀👩‍🏫",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE voter; --",
        "{{frame.title}}",
        "../../etc/passwd",
        "%00%0d%0aset-cookie: a=b",
        "a@b\r\nBcc: c@d.fr",
        "\u{202e}gnirts",
        "-1",
        "99999999999999999999",
        "1e9",
        "NaN",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["A".repeat(5_000), "é".repeat(300)])
    .collect()
}

on_both! {
    async fn no_field_of_the_public_forms_makes_a_fault(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
        for text in nonsense() {
            browser.post("/connexion", &[("email", &text)]).await.expect(422, "form-invalid");
            browser.post("/mot-de-passe/oublie", &[("email", &text)]).await.expect(422, "form-invalid");
            let refused = browser.post(&link, &[("password", &text), ("password_again", &text)]).await;
            refused.expect(422, "password-refused");
            for path in ["/mot-de-passe/nouveau", "/pas-moi"] {
                let path = format!("{path}/{}", percent_encoded(&text));
                let status = browser.get(&path).await.status;
                assert!([404, 410].contains(&status), "{path}: {status}");
            }
        }
        let other = app.browser();
        other.post("/connexion", &[("email", &voter(1).email)]).await;
        other.post("/connexion/mot-de-passe", &[("password", "")]).await.expect(422, "form-invalid");
        for text in nonsense().iter().filter(|text| !text.is_empty()) {
            let outcome = other.post("/connexion/mot-de-passe", &[("password", text)]).await;
            assert!(["sign-in-refused", "throttled"].contains(&outcome.outcome()), "{}", outcome.status);
        }
        let page = browser.post("/connexion", &[("email", "<script>alert(1)</script>")]).await;
        assert!(!page.html.contains("<script>alert"), "what was typed is escaped");
        other.post("/connexion", &[("email", &"a".repeat(100_000))]).await.expect(413, "form-invalid");
    }
}

on_both! {
    async fn each_field_of_the_identifier_form_is_refused_beside_itself(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        for field in ["mobile", "captcha", "captcha_id", "birthdate", "numen", "request"] {
            for text in nonsense() {
                let mut form = voter(1).form("06 12 34 56 78", &captcha);
                form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = text;
                let outcome = if field.starts_with("captcha") { "captcha-refused" } else { "form-invalid" };
                let page = browser.submit(&form).await.expect(422, outcome);
                assert!(page.html.contains("class=\"error\""));
            }
        }
        // So many wrong answers have spent the first one.
        let captcha = browser.captcha().await;
        for (field, text, told) in [
            ("mobile", "+44 7911 123456", "pays ou d’un territoire"),
            ("mobile", "01 23 45 67 89", "pas celui d’un mobile"),
            ("mobile", "06 12 34 56 7", "pas complet"),
            ("birthdate", "31/02/1980", "n’existe pas"),
            ("birthdate", "3/7/68", "quatre chiffres"),
            ("birthdate", "01/01/2030", "n’existe pas"),
            ("numen", "12E345678ABC", "13 caractères"),
            ("request", "", "Cochez cette case"),
        ] {
            let mut form = voter(1).form("06 12 34 56 78", &captcha);
            form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = text.into();
            let page = browser.submit(&form).await.expect(422, "form-invalid");
            assert!(page.text().contains(told), "{text}: {told}");
        }
        // The three fields of the page, with what belongs to none of them.
        let parts = |day: &str, month: &str, year: &str| {
            let mut form = voter(1).form("06 12 34 56 78", &captcha);
            form.retain(|(name, _)| *name != "birthdate");
            let parts = [("birthdate_day", day), ("birthdate_month", month), ("birthdate_year", year)];
            form.extend(parts.map(|(name, value)| (name, value.to_owned())));
            form
        };
        for (day, month, year) in [("31", "2", "1980"), ("x", "7", "1968"), ("3", "", "1968"), ("3", "7", "68")] {
            browser.submit(&parts(day, month, year)).await.expect(422, "form-invalid");
        }
        browser.submit(&[]).await.expect(422, "form-invalid");
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0, "nothing was decided");
        // A Guadeloupe number typed with its 0 is as good as any, and so are three fields.
        let (day, month, year) = {
            let birthdate = voter(1).birthdate;
            let mut parts = birthdate.split('/').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        };
        let mut form = parts(&format!(" {day}"), &month, &year);
        form[0].1 = "0690001234".into();
        browser.submit(&form).await.expect(200, "issued");
        app.drain().await;
        assert_eq!(app.sms()[0].to, "+590690001234");
    }
}

on_both! {
    async fn tokens_that_are_forged_or_cut_open_nothing(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
        let (path, token) = link.rsplit_once('/').unwrap();
        let passwords = [("password", PASSWORD), ("password_again", PASSWORD)];
        let last = if token.ends_with('A') { "E" } else { "A" };
        for forged in [token[..42].to_owned(), format!("{token}A"), format!("{}{last}", &token[..42]), "A".repeat(43), token.to_lowercase()] {
            let forged = format!("{path}/{forged}");
            browser.get(&forged).await.expect(410, "link-expired");
            browser.post(&forged, &passwords).await.expect(410, "link-expired");
        }
        for cookie in ["guichet-session", "guichet-address", "guichet-browser", "guichet-held"] {
            for value in ["x", &"A".repeat(43), &"A".repeat(300)] {
                let forger = app.browser();
                forger.cookies.lock().unwrap().insert(cookie.into(), value.into());
                assert_eq!(forger.get("/electeur").await.path, "/connexion");
                for path in ["/connexion/mot-de-passe", "/connexion/attente", "/mot-de-passe/oublie/confirmer"] {
                    assert_eq!(forger.get(path).await.status, 200, "{cookie}");
                }
            }
        }
        // A cookie of one kind does not pass for another.
        let forger = app.browser();
        forger.post("/connexion", &[("email", &voter(1).email)]).await;
        let sealed = forger.cookies.lock().unwrap()["guichet-address"].clone();
        forger.cookies.lock().unwrap().insert("guichet-held".into(), sealed);
        assert_eq!(forger.get("/connexion/attente").await.path, "/connexion");
        browser.post(&link, &passwords).await.expect(200, "password-changed");
    }
}
