//! What decides is read after the lock: the time that a request waits for it counts.

use chrono::Duration;
use guichet::db::Work;
use guichet::entities::{sign_in_throttle, voter as voters};
use guichet::sign_in::{self, Outcome};
use guichet::values::{EmailAddress, Language};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};

use crate::support::{App, PASSWORD, on_both, voter};

const PHONE: &str = "06 12 34 56 78";
/// Long enough for a request to reach the lock.
const REACHED: std::time::Duration = std::time::Duration::from_millis(700);

/// Holds the lock of every voter. On SQLite, to begin is the lock.
async fn hold(app: &App) -> Work {
    let work = app.portal.db.begin().await.unwrap();
    voters::Entity::find().lock_exclusive().all(&work).await.unwrap();
    work
}

on_both! {
    async fn a_request_that_waits_for_the_lock_until_the_window_has_closed_is_refused(app: App) {
        app.enrol(&[voter(1)]).await;
        app.wait(app.election.reissue_closes - app.portal.now() - Duration::minutes(1));
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(PHONE, &browser.captcha().await);
        let held = hold(&app).await;
        let request = tokio::spawn(async move { browser.submit(&form).await });
        tokio::time::sleep(REACHED).await;
        app.wait(Duration::minutes(2));
        held.commit().await.unwrap();
        request.await.unwrap().expect(403, "window-closed");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check WHERE outcome = 'closed'").await, 1);
    }
}

on_both! {
    async fn a_limit_lowered_while_a_request_waits_for_the_lock_holds(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        let form = voter(1).form(PHONE, &browser.captcha().await);
        let held = hold(&app).await;
        let request = tokio::spawn(async move { browser.submit(&form).await });
        tokio::time::sleep(REACHED).await;
        held.execute_unprepared("UPDATE election SET max_identifiers = 1").await.unwrap();
        held.commit().await.unwrap();
        request.await.unwrap().expect(403, "limit-reached");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
    }
}

on_both! {
    async fn what_is_issued_after_a_wait_tells_the_time_and_the_name_of_its_decision(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(PHONE, &browser.captcha().await);
        let held = hold(&app).await;
        let request = tokio::spawn(async move { browser.submit(&form).await });
        tokio::time::sleep(REACHED).await;
        app.wait(Duration::minutes(3));
        held.execute_unprepared("UPDATE election SET name = 'Nom corrigé'").await.unwrap();
        held.commit().await.unwrap();
        request.await.unwrap().expect(200, "issued");
        app.drain().await;
        let mails = app.mails_to(&voter(1).email);
        let mail = mails.last().unwrap().text.replace(['\u{a0}', '\u{202f}'], " ");
        assert!(mail.contains("Nom corrigé") && mail.contains("10 h 03"), "{mail}");
        assert!(app.sms()[0].text.contains("Nom corrig"), "the SMS, too");
    }
}

on_both! {
    async fn that_was_not_me_is_dated_after_its_wait(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        app.drain().await;
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        let held = hold(&app).await;
        let post = tokio::spawn(async move { browser.post(&link, &[]).await });
        tokio::time::sleep(REACHED).await;
        app.wait(Duration::minutes(3));
        held.commit().await.unwrap();
        post.await.unwrap().expect(200, "frozen");
        app.drain().await;
        let mails = app.mails_to(&voter(1).email);
        let mail = mails.last().unwrap().text.replace(['\u{a0}', '\u{202f}'], " ");
        assert!(mail.contains("10 h 03"), "{mail}");
        let frozen = voters::Entity::find().one(&app.portal.db).await.unwrap().unwrap().frozen_at;
        assert_eq!(frozen, Some(app.portal.now()));
    }
}

on_both! {
    async fn a_sign_in_that_waits_until_its_pause_is_over_is_let_in(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let stranger = app.browser();
        for _ in 0..5 {
            stranger.sign_in(&voter(1), "Autre9chose").await;
        }
        stranger.sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
        let held = hold(&app).await;
        sign_in_throttle::Entity::find().lock_exclusive().all(&held).await.unwrap();
        let portal = app.portal.clone();
        let signing_in = tokio::spawn(async move {
            let email = EmailAddress::parse(&voter(1).email).unwrap();
            sign_in::sign_in(&portal, &email, PASSWORD, None, Language::French, false).await.unwrap()
        });
        tokio::time::sleep(REACHED).await;
        app.wait(Duration::minutes(30));
        held.commit().await.unwrap();
        assert!(matches!(signing_in.await.unwrap(), Outcome::SignedIn { .. }));
    }
}
