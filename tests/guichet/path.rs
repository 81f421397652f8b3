//! The main job, from the mailed link to the SMS.

use chrono::Duration;
use guichet::values::VotingIdentifier;
use sea_orm::ConnectionTrait;

use crate::support::{App, PASSWORD, on_both, voter};

on_both! {
    /// A voter recovers a password, signs in, and gets an identifier by SMS.
    async fn an_agent_recovers_a_password_and_gets_an_identifier(app: App) {
        let camille = voter(1);
        app.enrol(&[camille.clone(), voter(2)]).await;
        let browser = app.browser();

        let confirm = browser.post("/mot-de-passe/oublie", &[("email", &camille.email)]).await;
        assert!(confirm.path.starts_with("/mot-de-passe/oublie/confirmer"));
        assert!(confirm.html.contains(&camille.email));
        assert!(app.mails_to(&camille.email).is_empty(), "nothing is sent before the confirmation");
        browser.post("/mot-de-passe/oublie/confirmer", &[]).await.expect(200, "reset-sent");
        app.drain().await;

        let mail = &app.mails_to(&camille.email)[0];
        assert!(mail.text.contains("mercredi 25\u{a0}novembre 2026 à 10\u{a0}h\u{a0}00"), "{}", mail.text);
        let link = app.mailed_link(&camille.email, "/mot-de-passe/nouveau/");
        assert_eq!(link.rsplit('/').next().unwrap().len(), 43, "256 bits");

        let page = browser.get(&link).await.expect(200, "");
        assert!(page.text().contains("de 8 à 24 caractères"));
        browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(200, "password-changed");
        app.drain().await;
        assert!(app.mails_to(&camille.email)[1].subject.contains("mot de passe a changé"));

        let space = browser.sign_in(&camille, PASSWORD).await;
        assert_eq!(space.path, "/electeur");
        assert!(space.text().contains("encore recevoir 3 identifiants"));

        let issued = browser.ask_identifier(&camille, "06 12 34 56 78").await.expect(200, "issued");
        assert!(issued.text().contains("en attente d’envoi"));
        assert!(issued.html.contains("http-equiv=\"refresh\""));
        app.drain().await;
        let followed = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(followed.text().contains("remis à l’opérateur à 10 h 00"));
        assert!(!followed.html.contains("http-equiv=\"refresh\""));

        let sms = app.sms();
        assert_eq!((sms.len(), sms[0].to.as_str()), (1, "+33612345678"));
        let identifier = sms[0].text.split_whitespace().find_map(VotingIdentifier::parse).expect("an identifier");
        let notice = &app.mails_to(&camille.email)[2].text;
        assert!(notice.contains("78") && !notice.contains("12 34") && !notice.contains(&identifier.text()), "{notice}");
        assert!(notice.contains("/pas-moi/"));

        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE sealed IS NOT NULL").await, 0, "erased once sent");
        assert_eq!(browser.post("/deconnexion", &[]).await.path, "/");
        assert_eq!(browser.get("/electeur").await.path, "/connexion");
    }
}

on_both! {
    async fn a_fault_gets_a_calm_page_and_counts_nothing(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        app.portal.db.execute_unprepared("ALTER TABLE phone_claim RENAME TO gone").await.unwrap();
        let form = voter(1).form("06 12 34 56 78", &captcha);
        let page = browser.submit(&form).await.expect(500, "fault");
        assert!(page.text().contains("aucun essai de vérification n’a été compté"));
        app.portal.db.execute_unprepared("ALTER TABLE gone RENAME TO phone_claim").await.unwrap();
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0);
        browser.submit(&form).await.expect(200, "issued");
    }
}

on_both! {
    async fn the_portal_says_whether_it_lives_and_is_ready(app: App) {
        assert_eq!(app.browser().get("/healthz").await.status, 200);
        assert_eq!(app.browser().get("/readyz").await.status, 200);
        app.browser().get("/nulle-part").await.expect(404, "not-found");
    }
}

on_both! {
    async fn help_says_whom_to_call_until_a_month_after_an_election(app: App) {
        let page = app.browser().get("/aide").await.expect(200, "");
        for told in ["Attendez quinze minutes", "secrétariat de votre établissement", "01 23 45 67 89", "de 9 h à 18 h"] {
            assert!(page.text().contains(told), "{told}: {}", page.html);
        }
        app.wait(app.election.reissue_closes - app.portal.now());
        assert!(app.browser().get("/aide").await.text().contains("01 23 45 67 89"));
        app.wait(Duration::days(30));
        let page = app.browser().get("/aide").await.expect(200, "");
        assert!(!page.text().contains("01 23 45 67 89"), "{}", page.html);
    }
}
